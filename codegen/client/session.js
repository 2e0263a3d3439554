// One session for an API and a base URL. Its data lies on the host object:
//   token   '' if there is none; the storage holds a copy for the next launch
//   epoch   counts the log-outs: calls and logins of an earlier epoch end there
//   login   the promise of the one login under way, begun in epoch `began`
function openSession(host, key) {
  var sessions = sharedState(host).sessions, token;
  if (!sessions[key]) {
    try { token = host.getStorageSync(key); } catch (broken) { /* as if there were none */ }
    sessions[key] = { key: key, token: typeof token === 'string' ? token : '', epoch: 0 };
  }
  return sessions[key];
}

function keepToken(host, session, token) {
  session.token = token;
  try {
    host.setStorageSync(session.key, token);
  } catch (full) { /* the token in memory serves this launch */ }
}

function loggedOut(operation) {
  return new ApiError('auth', operation, { title: 'Logged out' });
}

// Single flight: parallel wx.login calls would spoil each other's codes. A
// code is never sent twice: after a failed exchange comes a new wx.login.
function logIn(host, session, provide, exchange) {
  function again() {
    return logIn(host, session, provide, exchange);
  }
  if (session.login) return session.began === session.epoch ? session.login : session.login.then(again, again);
  session.began = session.epoch;
  return session.login = new Promise(function (resolve, reject) {
    setTimeout(function () { reject('login:fail timeout'); }, 60000);
    if (provide) return resolve(provide());
    host.login({ success: function (result) { resolve(result.code); }, fail: reject });
  }).then(function (code) {
    if (!code) throw 'login:fail no code';
    return exchange({ code: code });
  }).then(function () {
    session.login = null;
    if (!session.token) throw loggedOut('login');
  }, function (reason) {
    session.login = null;
    throw isApiError(reason) ? reason : failure(reason || {}, 'wx.login', 'auth', true);
  });
}
