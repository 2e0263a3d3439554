// What no other call has, without a source of chance that a mini-program lacks.
function unique() {
  var text = Date.now().toString(36);
  while (text.length < 32) text += Math.random().toString(36).slice(2);
  return text.slice(0, 32);
}
