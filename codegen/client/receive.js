function receive(response) {
  // Some hosts report HTTP errors through `fail`, and some say `status`.
  var status = response.statusCode || response.status, headers = copy({}, response.header || response.headers, 1),
    data = response.data, error, pause;
  if (!(status > 99)) {
    error = failure(response, label, 'network', repeatable);
    //#hooks
    response = 0;
    //#end
  } else {
    response = {
      //#hooks
      operation: label,
      //#end
      header: headers,
      status: status,
      //#download
      file: response.tempFilePath,
      //#end
      data: data
    };
    //#hooks
    tell(settings.onResponse, response);
    // The app may have changed the user just now: this token is nobody's any more.
    if (ended) return;
    //#end
    //#session
    if (token && session.t == token && headers[renewal]) keepToken(session, headers[renewal]);
    //#logout
    // What is to end has ended.
    if (status == 401 && leaves && !needsUser) response.status = status = 204;
    //#end
    if (status == 401 && token && !replayed) {
      // An answer to an older token leaves the newer one alone.
      if (session.t == token) keepToken(session, '');
      replayed = 1;
      return attempt();
    }
    //#end
    // 2xx
    if (status / 100 ^ 2
      //#unchanged
      && !(status == 304 && more.u)
      //#end
    ) {
      // RFC 9457, or whatever a gateway in between has answered instead.
      try {
        //#download
        // The error went to the file.
        if (response.file) {
          data = files().readFileSync(response.file, 'utf8');
          files().unlinkSync(response.file);
        }
        //#end
        //#binary
        // Bytes were asked for, and there is no TextDecoder.
        if (data.byteLength) data = decodeURIComponent(escape(String.fromCharCode.apply(0, new Uint8Array(data))));
        //#end
        error = parse(data);
      } catch (text) { /* not JSON */ }
      error = copy({ title: 'HTTP status ' + status }, error);
      error.retryable = status == 429 || repeatable && status > 501 && status < 505
        //#idempotent
        // Under the same key it is not carried out twice: it gets the answer of the first.
        || error.code == 'idempotency.running'
        //#end
        ;
      error = new ApiError(
        //#upgrade
        error.code == 'client.too_old' ? 'upgrade' :
        //#end
        /40[13]/.test(status)
        //#direct
        && !more.k
        //#end
        ? 'auth' : error.errors ? 'validation' : 'http', label, error, response);
      //#retry
      pause = headers['retry-after'];
      //#foreign
      if (!(pause >= 0)) pause = (new Date(pause) - Date.now()) / 1000;
      //#end
      if (pause >= 0) error.retryAfter = +pause;
      //#end
      //#upgrade
      if (error.kind == 'upgrade' && !queue.u) {
        queue.u = 1;
        tell(settings.onUpgrade || upgrade, error);
      }
      //#end
    }
  }
  //#background
  if (error && error.kind == 'interrupted' && queue.h && (queue.h = 1) && safe) attempt();
  else
  //#end
  //#retry
  //#include retry.js
  //#end
  end(error, response);
}
