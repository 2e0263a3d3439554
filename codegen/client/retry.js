// Repeats after a growing pause, part of it by chance so that not all phones
// come back at once, or after the pause that the server asks for.
if (error && error.retryable && (safe || own) &&
  (pause = Math.max((1 + Math.random()) * (250 << Math.min(tries, 4)), pause * 1000 || 0)) <= 30000 &&
  tries++ < (options.retries >= 0 ? options : settings).retries
) wait(attempt, pause);
else
