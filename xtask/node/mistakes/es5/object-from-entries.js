// refused with: es-x/no-object-fromentries
'use strict'
module.exports = function (pairs) { return Object.fromEntries(pairs) }
