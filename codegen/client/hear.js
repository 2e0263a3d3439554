function hear(error, response) {
  var value;
  //#hooks
  if (over) return;
  over = 1;
  if (response) tell(options.onResponse, response);
  //#end
  try {
    if (!error && response) {
      value =
        //#download
        response.file ? options.filePath ? files().saveFileSync(response.file, options.filePath) : response.file :
        //#end
        //#none
        more.n ||
        //#end
        /20[45]|304/.test(response.status) ? undefined :
        //#plain
        // Bytes anew for everybody who shares them.
        more.t ? response.data.slice(0) :
        //#end
        parse(response.data);
      //#session
      if (login) {
        if (!value.token) throw Error('No token');
        //#subscribe
        if (value.templates) subscriptions(value.templates);
        //#end
        //#users
        // Another login than the client's own may bring another user.
        if (!own && session.o && session.t != value.token) changeUser(session, value.token);
        else
        //#end
        if (!own || !session.t) keepToken(session, value.token);
      }
      //#end
    }
  } catch (mistake) {
    error = new ApiError('parse', label, { detail: mistake.message || mistake.errMsg }, response);
  }
  //#hooks
  count(options, -1);
  //#end
  if (error) {
    //#hooks
    if (error.kind != 'abort' && !options.silent
      //#session
      // Of a login, each call that waits for it tells.
      && !own
      //#end
    ) tell(settings.onError, error);
    //#end
    reject(error);
  } else resolve(value);
}
//#download

function files() {
  return host.getFileSystemManager();
}
//#end
