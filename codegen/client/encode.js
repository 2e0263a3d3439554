// A half emoji (an input cut by maxlength) would make encodeURIComponent throw.
function encode(value) {
  return encodeURIComponent(String(value && value.toJSON ? value.toJSON() : value)
    .replace(/[\uD800-\uDBFF][\uDC00-\uDFFF]|[\uD800-\uDFFF]/g, function (match) {
      return match[1] ? match : '\uFFFD';
    }));
}

// Arrays as repeated keys; undefined and null are left out, '' is sent.
function addPairs(pairs, name, value) {
  [].concat(value).forEach(function (item) {
    if (item !== undefined && item !== null) pairs.push(encode(name) + '=' + encode(item));
  });
}

// What stands in the path does not stand in the query again. Of styles only
// those are given that are not repeated keys.
function address(path, values, query, operation, styles) {
  var pairs = [];
  for (var name in query) {
    if (query !== values || path.indexOf('{' + name + '}') < 0) {
      //#styles
      if (styles && styles[name]) addStyled(pairs, name, query[name], styles[name]);
      else
      //#end
      addPairs(pairs, name, query[name]);
    }
  }
  return path.replace(/\{(.+?)}/g, function (_, name) {
    var value = values[name];
    // An empty segment, '.' or '..' would name another resource.
    if (value === undefined || value === null || /^\.{0,2}$/.test(value)) {
      throw new ApiError('validation', operation, {
        errors: [{ pointer: '/' + name, code: 'path', message: 'cannot stand in a path: "' + value + '"' }]
      });
    }
    //#styles
    if (styles && styles[name]) return written(value, styles[name]);
    //#end
    return encode(value);
  }) + (pairs[0] ? '?' + pairs.join('&') : '');
}
