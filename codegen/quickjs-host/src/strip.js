// Leaves a mini-program's globals. Runs last, after `wx`, timers and console are there.
(function () {
  // Later than the oldest base library that the client is for, or never there.
  delete Promise.prototype.finally;
  ['allSettled', 'any', 'withResolvers', 'try'].forEach(function (name) { delete Promise[name]; });
  ['entries', 'values', 'fromEntries', 'hasOwn', 'groupBy'].forEach(function (name) { delete Object[name]; });
  ['at', 'flat', 'flatMap', 'findLast', 'findLastIndex', 'toSorted', 'toReversed', 'toSpliced', 'with', 'includes']
    .forEach(function (name) { delete Array.prototype[name]; });
  ['at', 'replaceAll', 'matchAll', 'padStart', 'padEnd', 'isWellFormed', 'toWellFormed', 'trimStart', 'trimEnd']
    .forEach(function (name) { delete String.prototype[name]; });
  var allowed = ('Object Array String Number Boolean Symbol Date RegExp Error EvalError RangeError ReferenceError ' +
    'SyntaxError TypeError URIError Math JSON Promise Map Set WeakMap WeakSet ArrayBuffer DataView Uint8Array ' +
    'Int8Array Uint8ClampedArray Uint16Array Int16Array Uint32Array Int32Array Float32Array Float64Array ' +
    'parseInt parseFloat isNaN isFinite encodeURI encodeURIComponent decodeURI decodeURIComponent escape unescape ' +
    'undefined NaN Infinity wx console setTimeout clearTimeout setInterval clearInterval').split(' ');
  var everything = globalThis;
  Object.getOwnPropertyNames(everything).forEach(function (name) {
    if (allowed.indexOf(name) < 0) delete everything[name];
  });
})();
