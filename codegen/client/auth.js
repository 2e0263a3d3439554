// Lets the credentials that configure({ auth }) holds travel as the contract
// says: 'bearer', 'basic', or 'header' and 'query' with a name. Gives the URL.
function authorize(url, header, schemes, auth) {
  for (var scheme in schemes) {
    var value = auth && auth[scheme], way = /^(\w+) ?(.*)/.exec(schemes[scheme]);
    if (typeof value === 'function') value = value();
    if (value) {
      if (way[1] === 'header') header[way[2]] = String(value);
      else if (way[1] === 'query') url += (url.indexOf('?') < 0 ? '?' : '&') + encode(way[2]) + '=' + encode(value);
      //#basic
      else if (way[1] === 'basic') header.Authorization = 'Basic ' + base64(value.username + ':' + value.password);
      //#end
      else header.Authorization = 'Bearer ' + value;
    }
  }
  return url;
}
//#basic

// Of the UTF-8 bytes of a text: a mini-program has no btoa.
function base64(text) {
  var letters = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/', out = '';
  var bytes = (encode(text).match(/%..|./g) || []).map(function (one) {
    return one.length > 1 ? parseInt(one.slice(1), 16) : one.charCodeAt(0);
  });
  for (var i = 0; i < bytes.length; i += 3) {
    var bits = bytes[i] << 16 | bytes[i + 1] << 8 | bytes[i + 2];
    out += letters[bits >> 18] + letters[bits >> 12 & 63] +
      (i + 1 < bytes.length ? letters[bits >> 6 & 63] : '=') + (i + 2 < bytes.length ? letters[bits & 63] : '=');
  }
  return out;
}
//#end
