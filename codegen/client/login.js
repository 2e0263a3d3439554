// One login after another: parallel wx.login calls would spoil each other's codes.
if (needsUser && !session.t) {
  if (!session.p) {
    session.p = Promise.resolve(queue.p).then(exchange.bind(0, session)).then(0, fail);
    queue.p = session.p.then(after, after);
  }
  return session.p.then(attempt, end);
}

// Unless somebody has logged in by hand meanwhile.
function fail(reason) {
  if (!session.t) throw reason;
}

// First of all who wait: they begin anew, and log in again if the token has ended
// meanwhile. The next login does not mind how this one ends, but waits for its
// wx.login too, which goes on for a user who has gone.
function after() {
  session.p = 0;
  return queue.c;
}
