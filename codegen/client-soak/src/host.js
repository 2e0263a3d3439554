// A mini-program whose clock, network and storage are simulated. Gets the native functions and what kind of host this
// is; returns the doors by which the simulation comes in.
(function (native, kind) {
  var open = {}, files = {}, timers = {}, promises = {}, apis = [], next = 1, listeners = { hide: [], show: [] };

  function callBack(options, name, result) {
    if (options[name]) result === undefined ? options[name]() : options[name](result);
    if (options.complete) result === undefined ? options.complete() : options.complete(result);
  }

  // What a native function says happens at once.
  function atOnce(options, text) {
    var now = text ? JSON.parse(text) : {};
    if (now.throws) throw new Error(now.throws);
    if ('fail' in now) callBack(options, 'fail', now.fail === null ? undefined : now.fail);
  }

  function start(name) {
    return function (options) {
      var id = next++, header = {}, url = options.url;
      if (name === 'callContainer') {
        if (options.config.env !== kind.container || options.header['X-WX-SERVICE'] !== 'soak') throw new Error('callContainer:fail no such service');
        if (!(options.timeout <= 15000)) throw new Error('callContainer:fail timeout');
        url = 'https://soak.invalid' + options.path;
      }
      if (!/^https:/.test(url)) throw new Error(name + ':fail invalid url');
      if (name === 'request' && !/^(OPTIONS|GET|HEAD|POST|PUT|DELETE|TRACE|CONNECT)$/.test(options.method || 'GET')) {
        throw new Error('request:fail invalid method ' + options.method);
      }
      for (var key in options.header) {
        if (key.toLowerCase() === 'referer') throw new Error('Referer cannot be set');
        header[key.toLowerCase()] = String(options.header[key]);
      }
      open[id] = options;
      if (name === 'downloadFile') options.downloads = 'wxfile://tmp/' + id;
      atOnce(options, native.start(id, name, JSON.stringify({
        method: options.method || (name === 'uploadFile' ? 'POST' : 'GET'),
        url: url,
        header: header,
        body: typeof options.data === 'string' ? options.data : '',
        form: options.formData,
        file: options.filePath,
        timeout: typeof options.timeout === 'number' ? options.timeout : 60000,
        binary: options.responseType === 'arraybuffer'
      })));
      var task = { abort: function () { atOnce(options, native.abort(id)); } };
      ['HeadersReceived', 'ProgressUpdate', 'ChunkReceived'].forEach(function (event) {
        task['on' + event] = task['off' + event] = function () {};
      });
      return kind.noTask ? undefined : task;
    };
  }

  function stored(name, key, value) {
    var answer = JSON.parse(native.storage(name, String(key), JSON.stringify(value === undefined ? null : value)));
    if (answer.throws) throw new Error(answer.throws);
    return answer.value;
  }

  var everything = globalThis;

  everything.wx = {
    request: start('request'),
    uploadFile: start('uploadFile'),
    downloadFile: start('downloadFile'),
    login: function (options) {
      var id = next++;
      open[id] = options;
      atOnce(options, native.login(id));
    },
    getStorageSync: function (key) { return stored('get', key); },
    setStorageSync: function (key, value) { stored('set', key, value); },
    removeStorageSync: function (key) { stored('remove', key); },
    getAccountInfoSync: function () { return { miniProgram: { envVersion: 'release' } }; },
    getAppBaseInfo: function () { return { language: 'zh_CN' }; },
    getFileSystemManager: function () {
      function file(path) {
        if (typeof files[path] !== 'string') throw new Error('fail no such file or directory ' + path);
        return files[path];
      }
      return {
        readFileSync: file,
        unlinkSync: function (path) { file(path); delete files[path]; },
        saveFileSync: function (path, to) { files[to] = file(path); delete files[path]; return to; }
      };
    },
    onAppHide: function (listener) { listeners.hide.push(listener); },
    onAppShow: function (listener) { listeners.show.push(listener); }
  };
  ['Hide', 'Show'].forEach(function (event) {
    wx['offApp' + event] = function (listener) {
      var name = event.toLowerCase();
      listeners[name] = listener ? listeners[name].filter(function (other) { return other !== listener; }) : [];
    };
  });
  if (kind.old) {
    ['getAccountInfoSync', 'getAppBaseInfo', 'onAppHide', 'onAppShow', 'offAppHide', 'offAppShow']
      .forEach(function (name) { delete wx[name]; });
  }
  if (kind.noStorage) {
    ['getStorageSync', 'setStorageSync', 'removeStorageSync'].forEach(function (name) { delete wx[name]; });
  }
  if (kind.container) {
    wx.cloud = { callContainer: start('callContainer') };
    ['request', 'uploadFile', 'downloadFile'].forEach(function (name) { delete wx[name]; });
  }
  var wxLogin = wx.login;
  if (kind.provider) delete wx.login;
  if (kind.frozen) Object.freeze(wx);

  everything.setTimeout = function (run, milliseconds) {
    var id = next++, rest = [].slice.call(arguments, 2);
    timers[id] = function () { run.apply(undefined, rest); };
    native.timer(id, Math.max(0, Number(milliseconds) || 0));
    return id;
  };
  everything.clearTimeout = function (id) { delete timers[id]; };
  everything.setInterval = function (run, milliseconds) {
    var id = setTimeout(function again() {
      timers[id] = again;
      native.timer(id, Math.max(1, Number(milliseconds) || 0));
      run();
    }, milliseconds);
    return id;
  };
  everything.clearInterval = everything.clearTimeout;

  function log() {
    native.log([].map.call(arguments, function (part) {
      return typeof part === 'string' ? part : part instanceof Error ? part + part.stack : JSON.stringify(part);
    }).join(' '));
  }
  everything.console = { log: log, info: log, warn: log, error: log, debug: log };

  var RealDate = Date;
  function VirtualDate(value) {
    var parts = [null].concat([].slice.call(arguments));
    if (!(this instanceof VirtualDate)) return String(new RealDate(native.now()));
    return parts.length > 1 ? new (RealDate.bind.apply(RealDate, parts))() : new RealDate(native.now());
  }
  VirtualDate.prototype = RealDate.prototype;
  VirtualDate.now = native.now;
  VirtualDate.parse = RealDate.parse;
  VirtualDate.UTC = RealDate.UTC;
  everything.Date = VirtualDate;
  Math.random = native.random;

  function text(bytes) {
    return bytes instanceof ArrayBuffer ? String.fromCharCode.apply(null, new Uint8Array(bytes)) : bytes;
  }

  function described(error, failed) {
    if (!error || typeof error !== 'object') return { thrown: String(error) };
    var known;
    try { known = failed(error); } catch (broken) { known = 'throws ' + broken; }
    var told = { failed: known, instance: error instanceof Error };
    ['name', 'kind', 'code', 'status', 'message', 'title', 'detail', 'errno', 'retryable', 'operation', 'stack']
      .forEach(function (name) { told[name] = error[name]; });
    return told;
  }

  return {
    copy: function (api) {
      if (kind.concurrency < 10) api.configure({ concurrency: kind.concurrency });
      if (kind.provider) {
        api.configure({
          loginCode: function () {
            return new Promise(function (resolve, reject) {
              wxLogin({ success: function (result) { resolve(result.code); }, fail: reject });
            });
          }
        });
      }
      apis.push(api);
    },
    call: function (id, copy, name, given) {
      var parts = name.split('.'), operation = apis[copy][parts[0]], promise;
      function call() { return (parts[1] ? operation[parts[1]] : operation).apply(null, JSON.parse(given)); }
      try { promise = call(); } catch (error) {
        return native.settled(id, false, JSON.stringify({ thrown: 'at once: ' + error }));
      }
      promises[id] = promise;
      promise.then(function (value) {
        if (parts[1]) native.settled(id, true, String(files[value]));
        else native.settled(id, true, text(value instanceof ArrayBuffer ? value : JSON.stringify(value === undefined ? null : value)));
      }, function (error) {
        native.settled(id, false, JSON.stringify(described(error, operation.failed)));
      });
    },
    abort: function (id) { if (promises[id]) promises[id].abort(); },
    switchUser: function (copy) { apis[copy].switchUser(); },
    answer: function (id, ok, result, data, bytes) {
      var options = open[id];
      result = JSON.parse(result);
      if (result === null) return callBack(options, 'fail');
      if (options.downloads && data !== undefined) {
        result.tempFilePath = options.downloads;
        files[result.tempFilePath] = data;
      } else if (data !== undefined) {
        result.data = options.responseType === 'arraybuffer' ? bytes : data;
        if (kind.parses && !options.filePath && typeof result.data === 'string') {
          try { result.data = JSON.parse(result.data); } catch (silent) { /* the text is passed on */ }
        }
      }
      callBack(options, ok ? 'success' : 'fail', result);
    },
    timer: function (id) {
      var run = timers[id];
      delete timers[id];
      if (run) run();
    },
    event: function (name) { listeners[name].slice().forEach(function (listener) { listener({}); }); },
    // What the client keeps on the host object.
    state: function () {
      var state = wx.__queqiao;
      return state ? JSON.stringify({ running: state.n, waiting: state.q.length }) : '{}';
    }
  };
})
