// refused with: no-undef
'use strict'
module.exports = function (text) { return new URL(text, 'http://localhost') }
