// A mini-program has no btoa. Each six bits are a digit, out of the two bytes in
// which they lie; what is missing at the end is '='.
if (way[2]) {
  var bytes = unescape(encode(credential.username + ':' + credential.password)), bit = 0, digits = 'ABCDEFGHIJKLMNOPQRSTUVWXYZ';
  digits += digits.toLowerCase() + '0123456789+/';
  for (credential = ''; bit < bytes.length * 8; bit += 6) {
    credential += digits[(bytes.charCodeAt(bit >> 3) << 8 | bytes.charCodeAt((bit >> 3) + 1)) >> 10 - bit % 8 & 63];
  }
  credential += '==='.slice(credential.length + 3 & 3);
}
