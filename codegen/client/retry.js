// Repeats after a growing pause, part of it by chance so that not all phones
// come back at once, or after the pause that the server asks for. Tells whether
// it does.
function later(error, tries, options, repeat) {
  var most = options.retries === undefined ? settings.retries : options.retries;
  var pause = Math.max((0.5 + Math.random() / 2) * Math.min(500 << tries, 8000), error.retryAfter * 1000 || 0);
  if (!error.retryable || pause > 30000 || tries >= (most === undefined ? 2 : most)) return;
  setTimeout(repeat, pause);
  return true;
}
