// One login after another: parallel wx.login calls would spoil each other's codes.
if (needsUser && !session.t) {
  if (!session.p) {
    session.p = Promise.resolve(queue.p).then(exchange.bind(0, session)).then(settle, fail);
    queue.p = session.p.then(after, after);
  }
  return session.p.then(attempt, end);
}

// Whoever waited begins anew, and logs in again if the token has ended meanwhile.
function settle() {
  session.p = 0;
}

// Unless somebody has logged in by hand meanwhile.
function fail(reason) {
  settle();
  if (!session.t) throw reason;
}

// The next login does not mind how this one ends, but waits for its wx.login
// too, which goes on for a user who has gone.
function after() {
  return queue.c;
}
