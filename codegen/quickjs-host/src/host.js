// What a mini-program gives its JavaScript, and nothing else. Runs once, gets
// the native functions, and returns the doors by which Rust comes in.
(function (native) {
  var calls = {}, next = 1, storage = {};
  var everything = globalThis;

  function remember(call) {
    calls[next] = call;
    return next++;
  }

  function callBack(options, name, result) {
    if (options[name]) options[name](result);
    if (options.complete) options.complete(result);
  }

  everything.wx = {
    request: function (options) {
      if (!/^(OPTIONS|GET|HEAD|POST|PUT|DELETE|TRACE|CONNECT)$/.test(options.method || 'GET')) {
        throw new Error('request:fail invalid method ' + options.method);
      }
      var data = options.data;
      if (data !== undefined && typeof data !== 'string') throw new Error('this host takes strings as data');
      var header = {};
      for (var name in options.header) {
        if (name.toLowerCase() === 'referer') throw new Error('Referer cannot be set');
        header[name] = String(options.header[name]);
      }
      var id = remember({ request: options });
      native.request(id, JSON.stringify({
        method: options.method || 'GET',
        url: options.url,
        header: header,
        body: data,
        timeout: options.timeout || 60000
      }));
      return { abort: function () { native.abort(id); } };
    },
    login: function (options) {
      native.login(remember({ login: options }));
    },
    getAccountInfoSync: function () {
      return { miniProgram: { appId: 'wx0000000000000000', envVersion: native.envVersion(), version: '' } };
    },
    getAppBaseInfo: function () {
      return { SDKVersion: '3.17.0', language: 'zh_CN', version: '8.0.5' };
    },
    getStorageSync: function (key) {
      return Object.prototype.hasOwnProperty.call(storage, key) ? JSON.parse(storage[key]) : '';
    },
    setStorageSync: function (key, value) {
      storage[key] = JSON.stringify(value);
    },
    removeStorageSync: function (key) {
      delete storage[key];
    },
    clearStorageSync: function () {
      storage = {};
    },
    showModal: function (options) {
      var confirm = native.modal(JSON.stringify({
        title: options.title, content: options.content, showCancel: options.showCancel !== false
      }));
      Promise.resolve().then(function () {
        callBack(options, 'success', { errMsg: 'showModal:ok', confirm: confirm, cancel: !confirm });
      });
    },
    // An update is looked for at every launch; who listens is told what came of it.
    getUpdateManager: function () {
      function told(when, result) {
        return function (listener) {
          if (when.indexOf(native.update()) >= 0) Promise.resolve().then(function () { listener(result); });
        };
      }
      return {
        onCheckForUpdate: function (listener) {
          told(['none'], { hasUpdate: false })(listener);
          told(['ready', 'failed'], { hasUpdate: true })(listener);
        },
        onUpdateReady: told(['ready'], {}),
        onUpdateFailed: told(['failed'], {}),
        applyUpdate: function () { native.applyUpdate(); }
      };
    }
  };
  if (native.update() === 'missing') delete everything.wx.getUpdateManager;

  everything.setTimeout = function (run, milliseconds) {
    var id = remember({ timer: run });
    native.timer(id, Math.max(0, Number(milliseconds) || 0));
    return id;
  };
  everything.clearTimeout = function (id) {
    delete calls[id];
  };
  everything.setInterval = function (run, milliseconds) {
    var id = remember({ timer: function () { run(); again(); } });
    function again() {
      if (id in intervals) native.timer(id, Math.max(1, Number(milliseconds) || 0));
    }
    var intervals = {};
    intervals[id] = true;
    calls[id].intervals = intervals;
    again();
    return id;
  };
  everything.clearInterval = function (id) {
    if (calls[id] && calls[id].intervals) delete calls[id].intervals[id];
    delete calls[id];
  };
  function log() {
    native.log([].map.call(arguments, function (part) {
      return typeof part === 'string' ? part : part instanceof Error ? String(part) : JSON.stringify(part);
    }).join(' '));
  }
  everything.console = { log: log, info: log, warn: log, error: log, debug: log };

  function describe(error) {
    if (!(error instanceof Error)) return { value: error };
    var described = { name: error.name, message: error.message, stack: error.stack };
    Object.getOwnPropertyNames(error).forEach(function (name) { described[name] = error[name]; });
    return described;
  }

  return {
    // Runs an async function and tells Rust how it ended.
    run: function (id, work, api, load) {
      work(api, load).then(function (value) {
        native.settled(id, true, JSON.stringify(value === undefined ? null : value));
      }, function (error) {
        native.settled(id, false, JSON.stringify(describe(error)));
      });
    },
    answer: function (id, ok, text, data, bytes) {
      var call = calls[id];
      if (!call) return;
      delete calls[id];
      var result = JSON.parse(text);
      if (call.request && bytes !== undefined) {
        result.data = call.request.responseType === 'arraybuffer' ? bytes : data;
        // As WeChat does: any other dataType than json is left alone, and a
        // failure to parse is silent.
        if ((call.request.dataType || 'json') === 'json' && typeof result.data === 'string') {
          try { result.data = JSON.parse(result.data); } catch (silent) { /* the string is passed on */ }
        }
      }
      callBack(call.request || call.login, ok ? 'success' : 'fail', result);
    },
    timer: function (id) {
      var call = calls[id];
      if (!call) return;
      if (!call.intervals) delete calls[id];
      call.timer();
    }
  };
})
