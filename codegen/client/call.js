function headerValue(header, name) {
  for (var key in header) if (key.toLowerCase() === name) return String(header[key]);
}

function parse(data) {
  return typeof data === 'string' ? JSON.parse(data.replace(/^\uFEFF/, '')) : data;
}

exports.create = function (name, contract, bases, renewal) {
  var settings = { baseUrl: bases }, exchange;

  function host() {
    return settings.host || wx;
  }

  // Review builds run as `develop`; whatever is not known counts as release.
  function baseUrl() {
    var base = settings.baseUrl, version;
    if (base && !base.replace) {
      try { version = host().getAccountInfoSync().miniProgram.envVersion; } catch (unknown) { /* release */ }
      base = /^(develop|trial)$/.test(version) && base[version] || base.release;
    }
    if (!base) throw new ApiError('network', name, { title: 'No base URL: call configure({ baseUrl })' });
    return base.replace(/\/+$/, '');
  }

  // What WeChat is set to, such as zh_CN: not every phone's system says a
  // language with a request. Known from base library 2.20.1 on.
  function language() {
    try { return host().getAppBaseInfo().language.replace(/_/g, '-'); } catch (old) { return ''; }
  }

  // access: '', 'user', 'optional', 'login' or 'logout'. answer: '' for JSON,
  // 'text', 'binary' or 'empty'. codes: what this operation may fail with. more:
  // styles of parameters; media, form (styles of its members) and raw of a body
  // that is not JSON; auth (schemes).
  function operation(method, path, codes, access, answer, more) {
    var label = method + ' ' + path;
    var sendsBody = /^P/.test(method);
    // A login may always be repeated: it takes a new code.
    var repeatable = !/^P(OS|AT)/.test(method) || access === 'login';
    more = more || {};

    function start(values, body, options) {
      var wx = host(), queue = sharedState(wx), over, job, stop, settle, fail, url, header = {};
      //#session
      var session, epoch, token, replayed;
      //#end

      // First a login where one is needed, then a place in the queue. The token
      // may be lost while the call stands there: so it looks twice.
      function waits() {
        //#session
        var login;
        if (!over && /user|logout/.test(access)) {
          if (epoch !== session.epoch) fail(loggedOut(label));
          else if (!session.token) {
            login = logIn(wx, session, settings.loginCode, exchange);
            login.then(attempt, fail);
          }
        }
        if (login) return true;
        //#end
        return over;
      }

      function attempt() {
        if (waits()) return;
        job = function () {
          job = null;
          if (waits()) return false;
          send();
        };
        queue.waiting.push(job);
        //#session
        if (replayed || access === 'login') queue.waiting.unshift(queue.waiting.pop());
        //#end
        drain(queue);
      }

      function send() {
        var task, ended;
        var request = {
          url: url,
          method:
          //#override
          method === 'PATCH' ? 'POST' :
          //#end
          method,
          header: header,
          dataType: 'text',
          responseType: answer === 'binary' ? 'arraybuffer' : 'text',
          success: end,
          fail: end
        };
        if (options.timeout || settings.timeout) request.timeout = options.timeout || settings.timeout;
        if (body !== undefined) request.data = body;
        //#session
        token = /u|op/.test(access) ? session.token : '';
        if (token) header.Authorization = 'Bearer ' + token;
        if (access === 'logout') {
          keepToken(wx, session, '');
          epoch = ++session.epoch;
        }
        //#end

        // The place is left after the answer is dealt with: no call that waits
        // may start with a token that this answer has refused.
        function end(response) {
          if (ended) return;
          ended = true;
          if (!over) receive(response || {});
          queue.running--;
          drain(queue);
        }
        stop = function () {
          // Not every host calls `fail` after an abort.
          setTimeout(end, 1000);
          if (task && task.abort) task.abort();
        };
        try { task = wx.request(request); } catch (error) { end(error); }
      }

      function receive(response) {
        // Some hosts report HTTP errors through `fail`, and some say `status`.
        var status = response.statusCode || response.status, data = response.data, problem;
        var headers = response.header || response.headers;
        if (!(status > 99)) return fail(failure(response, label, 'network', repeatable));
        //#session
        var renewed = headerValue(headers, renewal);
        if (renewed && token && session.token === token) keepToken(wx, session, renewed);
        if (status === 401 && token && !replayed && epoch === session.epoch) {
          // An answer to an older token leaves the newer one alone.
          if (session.token === token) keepToken(wx, session, '');
          replayed = true;
          delete header.Authorization;
          return attempt();
        }
        //#end
        var requestId = headerValue(headers, 'x-request-id');
        if (status > 199 && status < 300) {
          try {
            if (answer === 'empty' || status === 204 || status === 205) data = undefined;
            else if (!answer) data = parse(data);
            //#session
            if (access === 'login') {
              if (!data.token) throw Error('no token');
              if (epoch === session.epoch) keepToken(wx, session, data.token);
            }
            //#end
            settle(data);
          } catch (error) {
            fail(new ApiError('parse', label, { status: status, detail: error.message, requestId: requestId }));
          }
          return;
        }
        //#binary
        try { if (data instanceof ArrayBuffer) data = utf8(data); } catch (bytes) { /* not text */ }
        //#end
        // RFC 9457, or whatever a gateway in between has answered instead.
        try { problem = parse(data); } catch (text) { /* not JSON */ }
        problem = problem || {};
        var errors = Array.isArray(problem.errors) ? problem.errors : undefined;
        var kind = status === 401 || status === 403 ? 'auth' : errors ? 'validation' : 'http';
        //#upgrade
        if (problem.code === 'client.too_old') kind = 'upgrade';
        //#end
        var error = new ApiError(kind, label, {
          status: status,
          code: typeof problem.code === 'string' ? problem.code : '',
          title: problem.title || 'HTTP status ' + status,
          detail: problem.detail,
          details: problem.details,
          errors: errors,
          requestId: problem.request_id || requestId,
          retryable: status === 429 || repeatable && status > 501 && status < 505
        });
        fail(error);
        //#upgrade
        // Later: what `onUpgrade` throws must not keep the place in the queue.
        if (kind === 'upgrade') setTimeout(function () { upgrade(wx, settings.onUpgrade, error); }, 0);
        //#end
      }

      var promise = new Promise(function (resolve, reject) {
        settle = function (value) {
          over = true;
          resolve(value);
        };
        fail = function (error) {
          over = true;
          reject(error);
        };
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
        //#session
        session = openSession(wx, 'queqiao:' + name + ' ' + baseUrl());
        epoch = session.epoch;
        //#end
        attempt();
      });
      promise.abort = function () {
        if (over) return;
        fail(new ApiError('abort', label));
        if (job) queue.waiting = queue.waiting.filter(function (other) { return other !== job; });
        if (stop) stop();
      };
      return promise;
    }

    function call(first, second, third) {
      return !sendsBody ? start(first || {}, undefined, second || {})
        : path.indexOf('{') < 0 ? start({}, first, second || {})
        : start(first || {}, second, third || {});
    }
    call.failed = function (error) {
      return !!isApiError(error) && (CLIENT_CODES + codes + ' ').indexOf(' ' + error.code + ' ') >= 0;
    };
    //#session
    if (access === 'login') exchange = call;
    //#end
    return call;
  }

  return {
    operation: operation,
    configure: function (changes) {
      for (var key in changes) settings[key] = changes[key];
      if (changes.concurrency) sharedState(host()).limit = Math.max(1, Math.min(10, changes.concurrency));
    }
  };
};
