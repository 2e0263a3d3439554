// refused with: no-undef
'use strict'
module.exports = function (bytes) { return new TextDecoder().decode(bytes) }
