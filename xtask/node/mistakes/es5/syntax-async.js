// refused with: acorn
'use strict'
module.exports = async function () { await null }
