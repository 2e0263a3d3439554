// Repeats after a growing pause, part of it by chance so that not all phones
// come back at once, or after the pause that the server asks for. Tells whether
// it does.
function later(error, tries, options, repeat) {
  var limit = options.retries === undefined ? settings.retries : options.retries;
  var pause = Math.min(500 << tries, 8000) * (0.5 + Math.random() / 2);
  if (error.retryAfter) pause = Math.max(pause, error.retryAfter * 1000);
  if (!error.retryable || pause > 30000 || tries >= (limit === undefined ? 2 : limit)) return false;
  setTimeout(repeat, pause);
  return true;
}
