// An upload past the server, in one call: the server signs a form, the bucket takes the file, and the call itself says
// that it is there. more.direct: how an upload begins, the operation's id, and the member for the upload's id.
function directly(operation, spec, codes, more) {
  var label = spec.split(' >')[0], way = more.direct, placed = label.indexOf('{') > 0;
  var begin = operation(way[0]), confirm = operation(spec, codes, { styles: more.styles, auth: more.auth });

  function call(first, second, third) {
    var body = copyOf(placed ? second : first), options = copyOf((placed ? third : second) || {}), steps = copyOf(options);
    var file = body[more.file], running, fail;
    // Each option is for its step.
    steps.query = steps.onResponse = steps.onProgress = undefined;
    delete body[more.file];

    function go(step, next) {
      running = step;
      step.then(function (value) { if (fail) next(value); }).then(null, function (reason) {
        if (fail) fail(failure(reason, label, 'parse'));
      });
    }

    var promise = new Promise(function (done, no) {
      fail = no;
      go(begin({ operation: way[1], extension: (/\.(\w+)$/.exec(file) || '')[1], size: sizeOf(file, more.most, label) }, steps), function (form) {
        var bucket = operations('')('POST ' + form.url + ' > idempotent', '', { file: form.file, bucket: label });
        var fields = copyOf(form.fields);
        fields[form.file] = file;
        steps.onProgress = options.onProgress;
        options.onProgress = undefined;
        go(bucket(fields, steps), function () {
          body[way[2]] = form.upload;
          go(placed ? confirm(first, body, options) : confirm(body, options), done);
        });
      });
    });
    //#hooks
    // One call to an indicator, and a file that is too large is told like what the server refuses.
    if (options.loading !== false) count(1);
    promise.then(over, function (error) {
      over();
      if (!running && !options.silent) tell(settings.onError, error);
    });
    function over() { if (options.loading !== false) count(-1); }
    //#end
    promise.abort = function () {
      if (fail) fail(new ApiError('abort', label));
      fail = null;
      if (running) running.abort();
    };
    return promise;
  }
  call.failed = confirm.failed;
  return call;
}

function copyOf(from) {
  var to = {};
  copy(to, from);
  return to;
}
