// What no other call has, without a source of chance that a mini-program lacks.
function unique() {
  return Date.now() + '-' + Math.random();
}
