// A mini-program has no btoa, and no TextEncoder.
if (way[2]) {
  credential = host.arrayBufferToBase64(new Uint8Array(
    unescape(encode(credential.username + ':' + credential.password)).split('').map(function (byte) { return byte.charCodeAt(0); })
  ).buffer);
}
