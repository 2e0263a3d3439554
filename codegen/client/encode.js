// A half emoji (an input cut by maxlength) would make encodeURIComponent throw.
function encode(value) {
  return encodeURIComponent(String(value && value.toJSON ? value.toJSON() : value)
    .replace(/[\uD800-\uDBFF][\uDC00-\uDFFF]|[\uD800-\uDFFF]/g, function (match) {
      return match[1] ? match : '\uFFFD';
    }));
}

// Arrays as repeated keys; undefined and null are left out, '' is sent. What
// stands in the path does not stand in the query again.
function address(path, values, query, operation) {
  var pairs = [];
  for (var name in query) {
    if (query !== values || path.indexOf('{' + name + '}') < 0) {
      [].concat(query[name]).forEach(function (value) {
        if (value !== undefined && value !== null) pairs.push(encode(name) + '=' + encode(value));
      });
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
    return encode(value);
  }) + (pairs[0] ? '?' + pairs.join('&') : '');
}
