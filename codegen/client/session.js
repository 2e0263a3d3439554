// One session for an API, a base URL and a user. Its data lies on the host object:
//   token   '' if there is none; the storage holds a copy for the next launch
//   owned   there has been a token
//   live    ends the calls that were made in it
//   login   the promise of the one login under way
//   over    the user has gone; another session has its key
function openSession() {
  var key = 'queqiao:' + name + ' ' + baseUrl(), session = sharedState().sessions[key], token;
  if (session) return session;
  try { token = host().getStorageSync(key); } catch (broken) { /* as if there were none */ }
  return newSession(key, token || '');
}

function newSession(key, token) {
  var session = sharedState().sessions[key] = { key: key, live: [] };
  keepToken(session, token);
  return session;
}

function keepToken(session, token) {
  session.token = token;
  session.owned = session.owned || token;
  try {
    host().setStorageSync(session.key, token);
  } catch (full) { /* the token in memory serves this launch */ }
}

// What was begun for the user who goes never gives the next one an answer.
function changeUser(session, token) {
  session.over = true;
  newSession(session.key, token);
  session.live.forEach(function (drop) { drop(); });
}

function loggedOut(operation) {
  return new ApiError('auth', operation, { title: 'Logged out' });
}

// One after another: parallel wx.login calls would spoil each other's codes. A
// code is never sent twice: after a failed exchange comes a new wx.login.
function logIn(session) {
  var queue = sharedState(), tries = 0;

  function once() {
    return new Promise(function (resolve, reject) {
      if (session.over) throw loggedOut('login');
      setTimeout(function () { reject('login:fail timeout'); }, 60000);
      if (settings.loginCode) resolve(settings.loginCode());
      else host().login({ success: function (result) { resolve(result.code); }, fail: reject });
    }).then(function (code) {
      if (session.over) throw loggedOut('login');
      if (!code) throw 'login:fail no code';
      return exchange(code);
    })
    //#retry
    .then(null, function (reason) {
      return new Promise(function (resolve, reject) {
        if (!isApiError(reason) || !later(reason, tries++, settings, function () { resolve(once()); })) reject(reason);
      });
    })
    //#end
    ;
  }

  if (!session.login) {
    session.login = Promise.resolve(queue.login).then(once).then(function () {
      session.login = null;
    }, function (reason) {
      session.login = null;
      // Unless somebody has logged in by hand meanwhile.
      if (!session.token) throw failure(reason || {}, 'wx.login', 'auth', true);
    });
    queue.login = session.login.then(null, function () { /* the next one does not mind */ });
  }
  return session.login;
}
