// One session for an API and a base URL. Its data lies on the host object:
//   token   '' if there is none; the storage holds a copy for the next launch
//   epoch   counts the log-outs and switches of users
//   live    ends the calls of this epoch
//   owned   there was a token in this epoch
//   login   the promise of the one login under way, begun in epoch `began`
function openSession() {
  var sessions = sharedState(host()).sessions, key = 'queqiao:' + name + ' ' + baseUrl(), token;
  if (!sessions[key]) {
    try { token = host().getStorageSync(key); } catch (broken) { /* as if there were none */ }
    sessions[key] = { key: key, epoch: 0, live: [] };
    keepToken(sessions[key], typeof token === 'string' ? token : '');
  }
  return sessions[key];
}

function keepToken(session, token) {
  session.token = token;
  if (token) session.owned = true;
  try {
    host().setStorageSync(session.key, token);
  } catch (full) { /* the token in memory serves this launch */ }
}

// What was begun for the user who goes never gives the next one an answer.
function changeUser(session, token) {
  var live = session.live;
  session.live = [];
  session.owned = false;
  session.epoch++;
  keepToken(session, token);
  live.forEach(function (drop) { drop(); });
}

function loggedOut(operation) {
  return new ApiError('auth', operation, { title: 'Logged out' });
}

// Single flight: parallel wx.login calls would spoil each other's codes. A
// code is never sent twice: after a failed exchange comes a new wx.login.
function logIn(session) {
  var tries = 0;
  function again() {
    return logIn(session);
  }
  function once() {
    return new Promise(function (resolve, reject) {
      setTimeout(function () { reject('login:fail timeout'); }, 60000);
      if (settings.loginCode) return resolve(settings.loginCode());
      host().login({ success: function (result) { resolve(result.code); }, fail: reject });
    }).then(function (code) {
      if (!code) throw 'login:fail no code';
      if (session.began !== session.epoch) throw loggedOut('login');
      return exchange(code);
    })
    //#retry
    .then(null, function (reason) {
      if (!isApiError(reason) || session.began !== session.epoch) throw reason;
      return new Promise(function (resolve, reject) {
        if (!later(reason, tries++, settings, function () { resolve(once()); })) reject(reason);
      });
    })
    //#end
    ;
  }
  if (session.login) return session.began === session.epoch ? session.login : session.login.then(again, again);
  session.began = session.epoch;
  return session.login = once().then(function () {
    session.login = null;
    if (!session.token) throw loggedOut('login');
  }, function (reason) {
    session.login = null;
    // Meanwhile somebody has logged in by hand.
    if (session.token) return;
    throw isApiError(reason) ? reason : failure(reason || {}, 'wx.login', 'auth', true);
  });
}
