function send() {
  //#session
  //#include login.js
  //#end
  var task = {}, timer, timeout = Math.min(options.timeout || settings.timeout, 60000), request = {
    //#hooks
    operation: label,
    //#end
    url: url,
    method:
    //#override
    method == 'PATCH' ? 'POST' :
    //#end
    method,
    header: header,
    //#subscribe
    data: options.answers ? options.answers() : body,
    //#end
    //#!subscribe
    data: body,
    //#end
    dataType: 'text',
    //#binary
    responseType: more.t || 'text',
    //#end
    success: leave,
    fail: leave
  };
  
  // The place is left after the answer is dealt with: no call that waits may
  // start with a token that this answer has refused.
  function leave(response) {
    // Whatever the host does, the first that it says counts.
    if (!request) return;
    request = 0;
    //#timer
    clearTimeout(timer);
    //#end
    if (cancel == give) {
      cancel = 0;
      receive(response || {});
    }
    queue.n--;
    drain(queue);
  }
  function give() {
    cancel = 0;
    //#timer
    // Not every host calls `fail` after an abort, and without a task it goes on.
    clearTimeout(timer);
    timer = wait(leave, task.abort ? 1000 : 60000);
    //#end
    try { task.abort(); } catch (missing) { /* the time above counts */ }
  }

  queue.n++;
  //#session
  coded = 0;
  // That of the attempt before may have ended meanwhile.
  if (token) delete header.Authorization;
  token = !login && session.t;
  if (token) header.Authorization = 'Bearer ' + token;
  //#end
  if (timeout) request.timeout = timeout;
  //#upload
  copy(request, upload);
  //#end
  //#container
  if (settings.container) {
    request.timeout = timeout = Math.min(timeout || 15000, 15000);
    request.config = { env: settings.container.env };
    request.path = url;
    header['X-WX-SERVICE'] = settings.container.service;
  }
  //#end
  //#hooks
  tell(settings.onRequest, request);
  // The app may have aborted it just now, or changed the user.
  if (ended) return leave();
  //#end
  cancel = give;
  //#timer
  // Not every host knows `timeout`.
  timer = wait(function () {
    give();
    receive({ errMsg: 'timeout' });
  }, timeout || 60000);
  //#end
  try {
    task = Object(
      //#container
      settings.container ? host.cloud.callContainer(request) :
      //#end
      //#door
      host[door || 'request'](request)
      //#end
      //#!door
      host.request(request)
      //#end
      );
    // Taro's promise fails beside `fail`: without this the app would hear of it as unhandled.
    if (task.then) task.then(0, leave);
    //#progress
    if (door && options.onProgress && task.onProgressUpdate) task.onProgressUpdate(options.onProgress);
    //#end
  } catch (error) { leave(error); }
}
