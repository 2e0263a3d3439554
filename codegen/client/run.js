// A run is one request until it has its result, for one call or several:
//   n  the operation
//   k  what equal ones have in common
//   h  functions of those who wait for it
//   e  ends it
function end(error, response) {
  if (ended) return;
  ended = 1;
  //#live
  session.l = without(session.l, run);
  //#end
  //#logout
  // Nor does a login of its own go on.
  if (leaves) {
    session.x = 1;
    session.l.forEach(function (run) { run.e(error); });
  }
  //#end
  queue.q = without(queue.q, send);
  if (cancel) cancel();
  //#share
  if (method !== 'GET') queue.w++;
  run.h.forEach(function (hear) { hear(error, response); });
  //#end
  //#!share
  hear(error, response);
  //#end
}

function attempt(first) {
  if (ended) return;
  //#session
  // A code is never sent twice.
  if (own && !coded) {
    queue.c = new Promise(function (succeed, fail) {
      wait(function () { fail('login:fail timeout'); }, 60000);
      if (settings.loginCode) Promise.resolve(settings.loginCode()).then(succeed, fail);
      else host().login({ success: function (result) { succeed(result.code); }, fail: fail });
    }).then(function (code) {
      //#users
      if (isOver(session)) throw loggedOut('wx.login');
      //#end
      if (!code) throw 'login:fail no code';
      coded = 1;
      body = toJson({ code: code });
      attempt();
    }).then(0, function (reason) { end(failure(reason || {}, 'wx.login', 'auth', true)); });
    return;
  }
  //#end
  //#direct
  //#include direct.js
  //#end
  queue.q[
    //#background
    first ||
    //#end
    //#session
    replayed || login ||
    //#end
    0 ? 'unshift' : 'push'](send);
  drain(queue);
}
