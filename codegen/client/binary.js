// The problem document of a call that asks for bytes arrives as bytes, and
// there is no TextDecoder.
function utf8(buffer) {
  var bytes = new Uint8Array(buffer), text = '';
  for (var i = 0; i < bytes.length; i++) text += '%' + (bytes[i] + 256).toString(16).slice(1);
  return decodeURIComponent(text);
}
