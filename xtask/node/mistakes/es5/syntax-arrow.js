// refused with: acorn
'use strict'
const double = (number) => number * 2
module.exports = double
