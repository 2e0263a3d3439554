// A mini-program has no btoa, and no TextEncoder.
if (way[2]) {
  credential = host.arrayBufferToBase64(new Uint8Array(
    [].map.call(unescape(encode(credential)), function (byte) { return byte.charCodeAt(); })
  ).buffer);
}
