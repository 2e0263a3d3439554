// A run is one request until it has its result, for one call or several:
//   k  what equal ones have in common
//   h  functions of those who wait for it
//   e  ends it: with an error, with an answer, or with neither when the user has gone
function end(error, response) {
  if (ended) return;
  ended = 1;
  //#users
  if (!error && !response) error = new ApiError('auth', label, { title: 'Logged out' });
  //#end
  //#live
  session.l = without(session.l, run);
  //#end
  //#logout
  // Nor does a login of its own go on.
  if (leaves) {
    dismiss(session);
  }
  //#end
  queue.q = without(queue.q, send);
  if (cancel) cancel();
  //#share
  if (method != 'GET') queue.w++;
  run.h.forEach(function (hear) { hear(error, response); });
  //#end
  //#!share
  hear(error, response);
  //#end
}

function attempt() {
  if (ended) return;
  //#session
  //#users
  // No login for a user who has gone, nor for who logs out where somebody else has logged in meanwhile.
  if (own && (session.x
    //#logout
    || session.b && session.b.o
    //#end
    )) end();
  else
  //#end
  // A code is never sent twice.
  if (own && !coded)
    queue.c = new Promise(function (succeed, fail) {
      var provider = settings.loginCode;
      wait(fail, 60000, 'timeout');
      // Taro's promise fails beside `fail`.
      Promise.resolve(provider ? provider() : host.login({ success: succeed, fail: fail })).then(provider && succeed, fail);
    }).then(function (result) {
      // Alone, or in what wx.login gives.
      result = Object(result);
      result = result.code || result;
      if (!result.length) throw 'no code';
      coded = 1;
      body = toJson({ code: result });
      attempt();
    }).then(0, function (reason) { end(failure(reason || {}, 'wx.login', 'auth', repeatable)); });
  else
  //#end
  //#direct
  //#include direct.js
  else
  //#end
  {
    queue.q[
    //#session
    replayed || login ||
    //#end
    0 ? 'unshift' : 'push'](send);
    drain(queue);
  }
}
