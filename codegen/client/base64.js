// A mini-program has no btoa. Three quarters of a byte are six bits, a digit each;
// what is missing at the end is '='.
if (way[2]) {
  var bits, bytes = unescape(encode(credential.username + ':' + credential.password)), at = 0,
    digits = 'ABCDEFGHIJKLMNOPQRSTUVWXYZ';
  digits += digits.toLowerCase() + '0123456789+/';
  for (credential = ''; bytes[at | 0] || (digits = '=', at % 1); credential += digits[63 & bits >> 8 - at % 1 * 8]) {
    bits = bits << 8 | bytes.charCodeAt(at += .75);
  }
}
