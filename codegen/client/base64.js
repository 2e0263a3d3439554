// Of the UTF-8 bytes of a text: a mini-program has no btoa.
function base64(text) {
  var bytes = unescape(encode(text)), out = '';
  for (var bit = 0, at; bit < bytes.length * 8; bit += 6) {
    at = bit >> 3;
    out += 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/'[
      (bytes.charCodeAt(at) << 8 | bytes.charCodeAt(at + 1)) >> 10 - bit % 8 & 63];
  }
  return out + '==='.slice(out.length + 3 & 3);
}
