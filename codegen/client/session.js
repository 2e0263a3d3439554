// One session for an API, a base URL and a user. Its data lies on the host object,
// with short names as in queue.js:
//   k  its key in the storage, which holds a copy of the token for the next launch
//   t  the token, '' if there is none
//   o  there has been a token, or a log-out without one
//   b  of a log-out, which is alone in a session of its own: the session of whoever comes next
//   l  what is under way in it
//   p  the promise of the one login under way
//   x  the user has gone; another session has its key
function openSession() {
  var sessions = sharedState().s, key = 'queqiao:' + name + ' ' + baseUrl(), token;
  if (!sessions[key]) {
    try { token = host.getStorageSync(key); } catch (broken) { /* as if there were none */ }
    sessions[key] = { k: key, l: [], t: token, o: token };
    //#subscribe
    // A session from before the templates: the login has told no ids.
    if (token && tellAnswers && !subscriptions().i) tellAnswers();
    //#end
  }
  return sessions[key];
}

function keepToken(session, token) {
  session.t = token;
  //#users
  if (token) session.o = 1;
  //#end
  try {
    //#logout
    if (session.k)
    //#end
    host.setStorageSync(session.k, token);
  } catch (full) { /* the token in memory serves this launch */ }
}
//#users

// What was begun for the user who goes never gives the next one an answer. Gives
// the session of the next one.
function changeUser(session, token) {
  var next = sharedState().s[session.k] = { k: session.k, l: [] };
  keepToken(next, token);
  dismiss(session);
  return next;
}

function dismiss(session) {
  session.x = session.o = 1;
  session.l.forEach(function (run) { run.e(); });
}
//#end
