// What a mini-program gives its JavaScript, and nothing else. Runs once, gets
// the native functions, and returns the doors by which Rust comes in.
(function (native) {
  var calls = {}, next = 1, storage = {}, files = {}, underWay = {}, refused = false, listeners = { hide: [], show: [] }, pause;
  var everything = globalThis;

  function remember(call) {
    calls[next] = call;
    return next++;
  }

  function callBack(options, name, result) {
    if (options[name]) options[name](result);
    if (options.complete) options.complete(result);
  }

  // What request, uploadFile and downloadFile have in common. `finish` changes the result of an answer.
  function exchange(name, options, method, body, finish) {
    var header = {}, call = { request: options, finish: finish };
    for (var key in options.header) {
      if (key.toLowerCase() === 'referer') throw new Error('Referer cannot be set');
      header[key] = String(options.header[key]);
    }
    var id = remember(call);
    underWay[id] = name;
    if (refused) {
      native.timer(remember({ timer: function () { interrupt(id); } }), 0);
      return { abort: function () {} };
    }
    native.request(id, JSON.stringify({
      method: method,
      url: options.url,
      header: header,
      body: typeof body === 'string' ? body : undefined,
      bytes: body instanceof ArrayBuffer ? [].slice.call(new Uint8Array(body)) : undefined,
      timeout: options.timeout || 60000
    }));
    return {
      abort: function () { native.abort(id); },
      onProgressUpdate: function (listener) { call.progress = listener; }
    };
  }

  function interrupt(id) {
    var call = calls[id], name = underWay[id];
    if (!call || !name) return;
    delete calls[id];
    delete underWay[id];
    native.abort(Number(id));
    callBack(call.request, 'fail', { errMsg: name + ':fail interrupted', errno: 600003 });
  }

  function temporary(text) {
    var path = 'wxfile://tmp_' + next++;
    files[path] = text;
    return path;
  }

  function present(path) {
    if (!Object.prototype.hasOwnProperty.call(files, path)) throw new Error('fail no such file or directory ' + path);
  }

  // Texts, as UTF-8, and bytes, one after the other.
  function bytes(parts) {
    var all = [];
    parts.forEach(function (part) {
      if (typeof part !== 'string') return new Uint8Array(part).forEach(function (byte) { all.push(byte); });
      encodeURIComponent(part).replace(/%(..)|[^]/g, function (one, hex) {
        all.push(hex ? parseInt(hex, 16) : one.charCodeAt(0));
      });
    });
    return new Uint8Array(all).buffer;
  }

  everything.wx = {
    request: function (options) {
      if (!/^(OPTIONS|GET|HEAD|POST|PUT|DELETE|TRACE|CONNECT)$/.test(options.method || 'GET')) {
        throw new Error('request:fail invalid method ' + options.method);
      }
      var data = options.data;
      if (data !== undefined && typeof data !== 'string' && !(data instanceof ArrayBuffer)) {
        throw new Error('this host takes strings and bytes as data');
      }
      return exchange('request', options, options.method || 'GET', data);
    },
    // One file a call, always POST; the answer is a string.
    uploadFile: function (options) {
      present(options.filePath);
      var boundary = '----wx' + next, body = '', form = options.formData || {};
      for (var name in form) {
        if (typeof form[name] !== 'string') throw new Error('this host takes strings as formData');
        body += '--' + boundary + '\r\nContent-Disposition: form-data; name="' + name + '"\r\n\r\n' + form[name] + '\r\n';
      }
      body += '--' + boundary + '\r\nContent-Disposition: form-data; name="' + options.name + '"; filename="' +
        options.filePath.replace(/.*\//, '') + '"\r\nContent-Type: image/png\r\n\r\n';
      body = bytes([body, files[options.filePath], '\r\n--' + boundary + '--\r\n']);
      var header = { 'content-type': 'multipart/form-data; boundary=' + boundary };
      for (name in options.header) header[name] = options.header[name];
      var sent = { url: options.url, header: header, timeout: options.timeout, dataType: 'text', success: options.success, fail: options.fail };
      return exchange('uploadFile', sent, 'POST', body);
    },
    // GET only; whatever the status is, the body goes to a file.
    downloadFile: function (options) {
      var sent = { url: options.url, header: options.header, timeout: options.timeout, dataType: 'text', success: options.success, fail: options.fail };
      return exchange('downloadFile', sent, 'GET', undefined, function (result) {
        if (result.statusCode === undefined) return;
        result[options.filePath ? 'filePath' : 'tempFilePath'] = options.filePath || temporary(result.data);
        if (options.filePath) files[options.filePath] = result.data;
        delete result.data;
      });
    },
    arrayBufferToBase64: function (buffer) {
      if (!(buffer instanceof ArrayBuffer)) throw new Error('this host takes an ArrayBuffer');
      var alphabet = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/', bits = '';
      new Uint8Array(buffer).forEach(function (byte) { bits += (256 + byte).toString(2).slice(1); });
      var text = bits.replace(/.{1,6}/g, function (six) { return alphabet[parseInt((six + '00000').slice(0, 6), 2)]; });
      return text + '='.repeat((4 - text.length % 4) % 4);
    },
    getFileSystemManager: function () {
      return {
        readFileSync: function (path, encoding) {
          present(path);
          if (encoding !== 'utf8') throw new Error('this host reads utf8');
          return files[path];
        },
        statSync: function (path) {
          present(path);
          return { size: bytes([files[path]]).byteLength };
        },
        writeFileSync: function (path, data) { files[path] = data; },
        unlinkSync: function (path) { present(path); delete files[path]; },
        saveFileSync: function (from, to) {
          present(from);
          files[to] = files[from];
          delete files[from];
          return to;
        }
      };
    },
    onAppHide: function (listener) { listeners.hide.push(listener); },
    onAppShow: function (listener) { listeners.show.push(listener); },
    cloud: {
      // 15 seconds, 100 KiB there; no task comes back.
      callContainer: function (options) {
        if (!options.config || !options.config.env || !options.header['X-WX-SERVICE']) throw new Error('no container');
        if (options.data && options.data.length > 102400) throw new Error('callContainer:fail');
        options.url = wx.test.container + options.path;
        exchange('cloud.callContainer', options, options.method, options.data);
      }
    },
    // For tests: the background, and the files that there are.
    test: {
      container: '',
      files: files,
      hide: function () {
        listeners.hide.forEach(function (listener) { listener(); });
        pause = remember({ timer: function () {
          refused = true;
          Object.keys(underWay).forEach(interrupt);
        } });
        native.timer(pause, 5000);
      },
      show: function () {
        delete calls[pause];
        refused = false;
        listeners.show.forEach(function (listener) { listener(); });
      }
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

  var now = Date.now;
  Date.now = function () { return now() + native.moved(); };

  everything.setTimeout = function (run, milliseconds) {
    var rest = [].slice.call(arguments, 2);
    var id = remember({ timer: function () { run.apply(undefined, rest); } });
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
      delete underWay[id];
      var result = JSON.parse(text);
      if (call.progress) call.progress({ progress: 100 });
      if (call.request && bytes !== undefined) {
        result.data = call.request.responseType === 'arraybuffer' ? bytes : data;
        // As WeChat does: any other dataType than json is left alone, and a
        // failure to parse is silent.
        if ((call.request.dataType || 'json') === 'json' && typeof result.data === 'string') {
          try { result.data = JSON.parse(result.data); } catch (silent) { /* the string is passed on */ }
        }
      }
      if (call.finish) call.finish(result);
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
