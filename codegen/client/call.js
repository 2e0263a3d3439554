// access: '', 'user', 'optional', 'login' or 'logout'. common: the error codes of
// all its operations. spec: method and path; if the answer is not JSON, ' >' and
// words: none for no answer, text, binary, 304 if that is an answer too, and
// idempotent. codes: further error codes. more: styles of parameters; media, form
// (styles of its members), raw and file of a body that is not JSON; auth (schemes).
function operations(access, common) {
  return function (spec, codes, more) {
    var words = spec.split(' >'), label = words[0], answer = words.length > 1 ? words[1] : 'json';
    var method = label.split(' ')[0], path = label.slice(method.length + 1), sendsBody = /^P/.test(method);
    // A login may always be repeated by hand: it takes a new code.
    var repeatable = !/^P(OS|AT)/.test(method) || /idem/.test(answer) || access === 'login';
    more = more || {};

    // own: a login of the client itself, or a download.
    function start(values, body, options, own) {
      var wx = host(), queue = sharedState(wx), header = {}, url, over, resolve, reject, stop, session;

      function finish(error, value) {
        if (over) return;
        over = true;
        //#hooks
        if (options.loading !== false) count(-1);
        if (error && error.kind !== 'abort' && !options.silent) tell(settings.onError, error);
        //#end
        if (error) reject(error);
        else resolve(value);
      }

      function hear(error, response) {
        var value;
        if (over) return;
        //#hooks
        if (response) tell(options.onResponse, response);
        //#end
        if (!error) {
          try {
            value = read(response);
          } catch (mistake) {
            error = new ApiError('parse', label, {
              status: response.status,
              detail: mistake.message,
              requestId: response.header('x-request-id')
            });
          }
        }
        finish(error, value);
      }

      function read(response) {
        var data = response.data;
        if (/^(204|205|304)$/.test(response.status) || !/json|text|binary/.test(answer)) return;
        //#binary
        if (/binary/.test(answer)) return data.slice(0);
        //#end
        if (/text/.test(answer)) return data;
        data = parse(data);
        //#session
        if (access === 'login') {
          if (!data.token) throw Error('no token');
          // Another login than the client's own may bring another user.
          if (!own && session.owned && session.token !== data.token) changeUser(session, data.token);
          else if (!own || !session.token) keepToken(session, data.token);
        }
        //#end
        return data;
      }

      // One request until it has its result. Gives what ends it before.
      function perform(hear) {
        var job, cancel, ended;
        //#retry
        var tries = 0;
        //#end
        //#session
        var epoch, token, replayed;

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
          if (method !== 'GET') queue.shares = {};
          //#end
          hear(error, response);
        }

        // First a login where one is needed, then a place in the queue. The token
        // may be lost while the call stands there: so it looks twice.
        function waits() {
          //#session
          if (!ended && /user|logout/.test(access) && !session.token) {
            logIn(session).then(attempt, end);
            return true;
          }
          //#end
          return ended;
        }

        function attempt(first) {
          if (waits()) return;
          job = function () {
            job = null;
            if (waits()) return false;
            send();
          };
          if (first
            //#session
            || replayed || access === 'login'
            //#end
          ) queue.waiting.unshift(job);
          else queue.waiting.push(job);
          drain(queue);
        }

        function send() {
          var task, timer, left, timeout = options.timeout || settings.timeout;
          var request = {
            url: url,
            method:
            //#override
            method === 'PATCH' ? 'POST' :
            //#end
            method,
            header: header,
            dataType: 'text',
            responseType: /binary/.test(answer) ? 'arraybuffer' : 'text',
            success: leave,
            fail: leave
          };
          if (timeout) request.timeout = timeout = Math.min(timeout, 60000);
          if (body !== undefined) request.data = body;
          //#session
          token = /u|op/.test(access) ? session.token : '';
          if (token) header.Authorization = 'Bearer ' + token;
          if (access === 'logout') {
            session.live = without(session.live, drop);
            changeUser(session, '');
          }
          if (session) epoch = session.epoch;
          //#end
          //#hooks
          tell(settings.onRequest, { operation: label, method: method, url: url, header: header });
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
            timer = setTimeout(leave, 1000);
            if (task && task.abort) task.abort();
          }
          cancel = give;
          // Not every host knows `timeout`.
          timer = setTimeout(function () {
            give();
            receive({ errMsg: 'timeout' });
          }, timeout || 60000);
          try { task = wx.request(request); } catch (error) { leave(error); }
        }

        function receive(response) {
          // Some hosts report HTTP errors through `fail`, and some say `status`.
          var status = response.statusCode || response.status, headers = response.header || response.headers, error;
          if (!(status > 99)) {
            error = failure(response, label, 'network', repeatable);
            response = null;
          } else {
            response = {
              operation: label,
              status: status,
              data: response.data,
              header: function (name) { return headerValue(headers, name.toLowerCase()); }
            };
            //#hooks
            tell(settings.onResponse, response);
            //#end
            //#session
            var renewed = response.header(renewal);
            if (renewed && token && session.token === token) keepToken(session, renewed);
            if (status === 401 && token && !replayed && epoch === session.epoch) {
              // An answer to an older token leaves the newer one alone.
              if (session.token === token) keepToken(session, '');
              replayed = true;
              delete header.Authorization;
              return attempt();
            }
            //#end
            if (status < 200 || status > 299 && !(status === 304 && /304/.test(answer))) error = refusal(response);
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
          if (error && error.kind === 'upgrade') setTimeout(function () { upgrade(wx, settings.onUpgrade, error); }, 0);
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
        //#binary
        try { if (data instanceof ArrayBuffer) data = utf8(data); } catch (bytes) { /* not text */ }
        //#end
        try { problem = parse(data); } catch (text) { /* not JSON */ }
        problem = problem || {};
        var errors = Array.isArray(problem.errors) ? problem.errors : undefined;
        //#retry
        var after = response.header('retry-after');
        //#end
        return new ApiError(
          //#upgrade
          problem.code === 'client.too_old' ? 'upgrade' :
          //#end
          status === 401 || status === 403 ? 'auth' : errors ? 'validation' : 'http', label, {
          status: status,
          code: typeof problem.code === 'string' ? problem.code : '',
          title: problem.title || 'HTTP status ' + status,
          detail: problem.detail,
          details: problem.details,
          errors: errors,
          requestId: problem.request_id || response.header('x-request-id'),
          //#retry
          retryAfter: after && (after >= 0 ? +after : (Date.parse(after) - Date.now()) / 1000) || undefined,
          //#end
          retryable: status === 429 || repeatable && status > 501 && status < 505
        });
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
        //#server
        if (path[0] === '/')
        //#end
        url = baseUrl() + url;
        if (body !== undefined) {
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
        //#override
        if (method === 'PATCH') header['X-HTTP-Method-Override'] = method;
        //#end
        //#auth
        url = authorize(url, header, more.auth, settings.auth);
        //#end
        [settings.header, options.header].forEach(function (more) {
          for (var key in more) if (more[key] !== undefined) header[key] = String(more[key]);
        });
        if (!headerValue(header, 'accept-language') && language()) header['Accept-Language'] = language();
        header['X-Queqiao-Client'] = contract;
        //#idempotent
        if (/idem/.test(answer) && !headerValue(header, 'idempotency-key')) header['Idempotency-Key'] = unique();
        //#end
        //#session
        if (access) session = openSession();
        //#end
        //#share
        if (method === 'GET') {
          stop = join(queue, JSON.stringify([url, header, options.timeout, options.retries, session && [session.epoch, !session.token]]), hear, perform);
        } else
        //#end
        stop = perform(hear);
      } catch (mistake) {
        finish(isApiError(mistake) ? mistake : failure(mistake, label, 'validation'));
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
    //#session
    if (access === 'login') {
      exchange = function (code) { return start({}, { code: code }, {}, true); };
    }
    //#end
    return call;
  };
}
