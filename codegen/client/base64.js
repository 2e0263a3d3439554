// A mini-program has no btoa. The bits of all bytes in a row are cut into digits of
// six; what is missing at the end is '='.
if (way[2]) {
  var digits = 'ABCDEFGHIJKLMNOPQRSTUVWXYZ';
  digits += digits.toLowerCase() + '0123456789+/';
  credential = unescape(encode(credential.username + ':' + credential.password)).replace(/[^]/g, function (byte) {
    return (byte.charCodeAt(0) + 256).toString(2).slice(1);
  }).replace(/.{1,6}/g, function (bits) {
    return digits[parseInt((bits + '00000').slice(0, 6), 2)];
  });
  credential += '==='.slice(credential.length + 3 & 3);
}
