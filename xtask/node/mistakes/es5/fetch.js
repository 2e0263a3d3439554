// refused with: no-undef
'use strict'
module.exports = function (address) { return fetch(address) }
