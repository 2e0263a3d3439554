// access: '', 'user', 'optional', 'login' or 'logout'. common: the error codes of
// all its operations. spec: method and path; if the answer is not JSON, ' >' and
// words: none for no answer, text, binary, 304 if that is an answer too, and
// idempotent. codes: further error codes. more: styles of parameters; media, form
// (styles of its members), raw and file of a body that is not JSON; auth (schemes).
//#size
// most: bytes that the file may have.
//#end
//#direct
// direct: see directly; bucket: the label of the operation that sends a file there.
//#end
function operations(access, common) {
  return function (spec, codes, more) {
    var words = (spec + ' >json').split(' >'), label = words[0], answer = words[1];
    var method = label.split(' ')[0], path = label.slice(method.length + 1), sendsBody = /^P/.test(method);
    // A login may always be repeated by hand: it takes a new code.
    var repeatable = !/^P(OS|AT)/.test(method) || /idem/.test(answer) || access === 'login';
    more = more || {};
    //#direct
    if (more.direct) return directly(operations(access, common), spec, codes, more);
    if (more.bucket) label = more.bucket;
    //#end

    // way: 'login' for one of the client itself, 'downloadFile'.
    function start(values, body, options, way) {
      var wx = host(), queue = sharedState(), header = {}, session, url, resolve, reject, stop;
      //#hooks
      var over;
      //#end
      //#upload
      var upload;
      //#end
      //#session
      var leaving;
      //#end

      function fault(kind, response, fields) {
        fields.status = response.status;
        fields.requestId = fields.request_id || response.header('x-request-id');
        return new ApiError(kind, label, fields);
      }

      function finish(error, value) {
        //#hooks
        if (over) return;
        over = true;
        if (options.loading !== false) count(-1);
        if (error && error.kind !== 'abort' && !options.silent) tell(settings.onError, error);
        //#end
        if (error) reject(error);
        else resolve(value);
      }

      function hear(error, response) {
        var value;
        //#hooks
        if (over) return;
        if (response) tell(options.onResponse, response);
        //#end
        try {
          if (!error) value = read(response);
        } catch (mistake) {
          error = fault('parse', response, { detail: mistake.message || mistake.errMsg });
        }
        finish(error, value);
      }

      function read(response) {
        var data = response.data;
        //#download
        if (way === 'downloadFile') {
          return options.filePath ? wx.getFileSystemManager().saveFileSync(data, options.filePath) : data;
        }
        //#end
        if (/204|205|304/.test(response.status) || !/json|text|binary/.test(answer)) return;
        //#binary
        if (/binary/.test(answer)) return data.slice(0);
        //#end
        //#text
        if (/text/.test(answer)) return data;
        //#end
        data = parse(data);
        //#session
        if (access === 'login') {
          if (!data.token) throw Error('no token');
          // Another login than the client's own may bring another user.
          if (!way && session.owned && session.token !== data.token) changeUser(session, data.token);
          else if (!way || !session.token) keepToken(session, data.token);
        }
        //#end
        return data;
      }

      // One request until it has its result. Gives what ends it before.
      function perform(hear) {
        var job, cancel, ended, token, replayed;
        //#retry
        var tries = 0;
        //#end

        //#session
        function drop() {
          end(loggedOut(label));
        }
        //#end

        function end(error, response) {
          if (ended) return;
          ended = true;
          //#session
          if (session) session.live = without(session.live, drop);
          //#end
          queue.waiting = without(queue.waiting, job);
          if (cancel) cancel();
          //#share
          if (method !== 'GET') queue.writes = -~queue.writes;
          //#end
          hear(error, response);
        }

        // First a login where one is needed, then a place in the queue. The token
        // may be lost while the call stands there: so it looks twice.
        function ready() {
          //#session
          if (!ended && access === 'user' && !session.token) {
            logIn(session).then(attempt, end);
            return;
          }
          //#end
          return !ended;
        }

        function attempt(first) {
          if (!ready()) return;
          job = function () {
            return ready() && send();
          };
          queue.waiting[
            //#background
            first ||
            //#end
            //#session
            replayed ||
            //#end
            access === 'login' ? 'unshift' : 'push'](job);
          drain(queue);
        }

        function send() {
          var task, timer, left, timeout = options.timeout || settings.timeout, request = {
            url: url,
            method:
            //#override
            method === 'PATCH' ? 'POST' :
            //#end
            method,
            header: header,
            data: body,
            dataType: 'text',
            responseType:
            //#binary
            /binary/.test(answer) ? 'arraybuffer' :
            //#end
            'text',
            success: leave,
            fail: leave
          };
          //#door
          var door = wx, name = 'request';
          //#end

          // The place is left after the answer is dealt with: no call that waits
          // may start with a token that this answer has refused.
          function leave(response) {
            if (left) return;
            left = true;
            clearTimeout(timer);
            if (cancel === give) {
              cancel = null;
              receive(response || {});
            }
            queue.running--;
            drain(queue);
          }
          // Not every host calls `fail` after an abort.
          function give() {
            cancel = null;
            clearTimeout(timer);
            // Without a task it goes on, and keeps its place.
            timer = setTimeout(leave, task && task.abort ? 1000 : 60000);
            if (task && task.abort) task.abort();
          }

          //#session
          token = leaving || /user|op/.test(access) && session.token;
          if (token) header.Authorization = 'Bearer ' + token;
          //#end
          //#hooks
          tell(settings.onRequest, { operation: label, method: method, url: url, header: header });
          //#end
          if (timeout) request.timeout = timeout = Math.min(timeout, 60000);
          //#upload
          if (upload) {
            copy(request, upload);
            name = 'uploadFile';
          }
          //#end
          //#download
          if (way === 'downloadFile') name = way;
          //#end
          //#container
          if (settings.container) {
            request.timeout = timeout = Math.min(timeout || 15000, 15000);
            request.config = { env: settings.container.env };
            request.path = url;
            header['X-WX-SERVICE'] = settings.container.service;
            door = wx.cloud;
            name = 'callContainer';
          }
          //#end
          cancel = give;
          // Not every host knows `timeout`.
          timer = setTimeout(function () {
            give();
            receive({ errMsg: 'timeout' });
          }, timeout || 60000);
          try {
            task =
            //#door
            name !== 'request' ? door[name](request) :
            //#end
            wx.request(request);
            //#progress
            if (options.onProgress && task && task.onProgressUpdate) task.onProgressUpdate(options.onProgress);
            //#end
          } catch (error) { leave(error); }
          return true;
        }

        function receive(response) {
          // Some hosts report HTTP errors through `fail`, and some say `status`.
          var status = response.statusCode || response.status, headers = response.header || response.headers, error, after;
          if (!(status > 99)) {
            error = failure(response, label, 'network', repeatable);
            response = null;
          } else {
            response = {
              //#hooks
              operation: label,
              //#end
              status: status,
              data:
              //#download
              response.tempFilePath || response.filePath ||
              //#end
              response.data,
              header: function (name) { return headerValue(headers, name.toLowerCase()); }
            };
            //#hooks
            tell(settings.onResponse, response);
            //#end
            //#session
            if (token && session.token === token && response.header(renewal)) keepToken(session, response.header(renewal));
            // What is to end has ended.
            if (status === 401 && leaving) response.status = status = 204;
            if (status === 401 && token && !replayed && !session.over) {
              // An answer to an older token leaves the newer one alone.
              if (session.token === token) keepToken(session, '');
              replayed = true;
              delete header.Authorization;
              return attempt();
            }
            //#end
            if (status < 200 || status > 299
              //#unchanged
              && !(status === 304 && /304/.test(answer))
              //#end
            ) {
              error = refusal(response);
              //#retry
              after = response.header('retry-after');
              if (after) error.retryAfter = after >= 0 ? +after : (Date.parse(after) - Date.now()) / 1000;
              //#end
            }
          }
          //#background
          if (error && error.kind === 'interrupted' && queue.hidden) {
            queue.away = true;
            if (repeatable && access !== 'login') return attempt(true);
          }
          //#end
          //#retry
          if (error && repeatable && access !== 'login' && later(error, tries, options, attempt)) return tries++;
          //#end
          end(error, response);
          //#upgrade
          // Later: what `onUpgrade` throws must not keep the place in the queue.
          if (error && error.kind === 'upgrade') setTimeout(function () { upgrade(error); }, 0);
          //#end
        }

        //#session
        if (session) session.live.push(drop);
        //#end
        attempt();
        return end;
      }

      // RFC 9457, or whatever a gateway in between has answered instead.
      function refusal(response) {
        var status = response.status, data = response.data, problem;
        //#download
        // The error went to the file.
        if (way === 'downloadFile') {
          try {
            var path = data, files = wx.getFileSystemManager();
            data = files.readFileSync(path, 'utf8');
            files.unlinkSync(path);
          } catch (gone) { /* no word from the server, then */ }
        }
        //#end
        //#binary
        try { if (data instanceof ArrayBuffer) data = utf8(data); } catch (bytes) { /* not text */ }
        //#end
        try { problem = parse(data); } catch (text) { /* not JSON */ }
        problem = Object(problem);
        problem.title = problem.title || 'HTTP status ' + status;
        if (!Array.isArray(problem.errors)) delete problem.errors;
        problem.retryable = status === 429 || repeatable && status > 501 && status < 505
          //#idempotent
          // Under the same key it is not carried out twice: it gets the answer of the first.
          || problem.code === 'idempotency.running'
          //#end
          ;
        return fault(
          //#upgrade
          problem.code === 'client.too_old' ? 'upgrade' :
          //#end
          /40[13]/.test(status)
          //#direct
          && !more.bucket
          //#end
          ? 'auth' : problem.errors ? 'validation' : 'http', response, problem);
      }

      var promise = new Promise(function (yes, no) {
        resolve = yes;
        reject = no;
      });
      promise.abort = function () {
        finish(new ApiError('abort', label));
        if (stop) stop();
      };
      //#hooks
      if (options.loading !== false) count(1);
      //#end
      try {
        url = address(path, values, sendsBody ? options.query : values, label, more.styles);
        //#container
        if (!settings.container)
        //#end
        //#server
        if (path[0] === '/')
        //#end
        url = baseUrl() + url;
        if (body !== undefined) {
          //#upload
          if (more.file && body[more.file]) {
            //#size
            sizeOf(body[more.file], more.most, label);
            //#end
            upload = uploadOf(body, more.file);
          } else
          //#end
          //#multipart
          if (more.file !== undefined) {
            var boundary = unique();
            header['content-type'] = 'multipart/form-data; boundary=' + boundary;
            body = multipart(body, boundary);
          } else
          //#end
          {
            header['content-type'] = more.media || 'application/json';
            //#form
            if (more.form) body = formBody(body, more.form);
            else
            //#end
            //#raw
            if (!more.raw)
            //#end
            body = JSON.stringify(body);
          }
          //#container
          if (settings.container && encode(body).replace(/%../g, '.').length > 102400) {
            throw Error('WeChat sends at most 100 KiB to a container');
          }
          //#end
        }
        //#override
        if (method === 'PATCH') header['X-HTTP-Method-Override'] = method;
        //#end
        //#auth
        url = authorize(url, header, more.auth, settings.auth);
        //#end
        copy(header, settings.header);
        copy(header, options.header);
        for (var key in header) {
          if (header[key] === undefined) delete header[key];
          else header[key] = String(header[key]);
        }
        //#language
        // What WeChat is set to, such as zh_CN: not every phone's system says a
        // language with a request. Known from base library 2.20.1 on.
        try {
          if (!headerValue(header, 'accept-language')) header['Accept-Language'] = wx.getAppBaseInfo().language.replace(/_/g, '-');
        } catch (old) { /* the system's own */ }
        //#end
        header['X-Queqiao-Client'] = contract;
        //#idempotent
        if (/idem/.test(answer) && !headerValue(header, 'idempotency-key')) header['Idempotency-Key'] = unique();
        //#end
        //#direct
        // What is meant for the server is none of the bucket's business.
        if (more.bucket) header = {};
        //#end
        //#session
        if (access) session = openSession();
        // The user goes now, whenever the server hears of it.
        if (access === 'logout') {
          leaving = session.token;
          changeUser(session, '');
          if (!leaving) return finish(), promise;
        }
        //#end
        stop =
        //#share
        method === 'GET' && !way ? join(session || queue,
          JSON.stringify([queue.writes, url, header, options.timeout, options.retries, session && !session.token]), hear, perform) :
        //#end
        perform(hear);
      } catch (mistake) {
        finish(failure(mistake, label, 'validation'));
      }
      return promise;
    }

    function call(first, second, third) {
      return !sendsBody ? start(first || {}, undefined, second || {})
        : path.indexOf('{') < 0 ? start({}, first, second || {})
        : start(first || {}, second, third || {});
    }
    call.failed = function (error) {
      // Where no code came from the server, it is the kind.
      return !!isApiError(error) && [' ' + error.kind, common, codes, ' '].join('').indexOf(' ' + error.code + ' ') >= 0;
    };
    //#download
    call.download = function (values, options) {
      return start(values || {}, undefined, options || {}, 'downloadFile');
    };
    //#end
    //#session
    if (access === 'login') {
      exchange = function (code) { return start({}, { code: code }, {}, access); };
    }
    //#end
    return call;
  };
}
