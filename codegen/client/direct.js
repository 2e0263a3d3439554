// An upload past the server, before the first attempt: the server signs a form, and the bucket takes the file. The
// call itself then says that it is there. more.d: where an upload begins, the operation's id, and the members of
// the body for the upload's id and for the file.
if (more.d && !placed) {
  var way = more.d, rest = parse(body), file = rest[way[3]],
    // What is for the call itself is for no other step; and it tells of what fails.
    steps = copy(Object.create(options), { loading: false, silent: 1, query: 0, onResponse: 0 }),
    step = function (call) {
      cancel = call.abort;
      return call;
    };

  return new Promise(function (begin) {
    begin(step(operation('POST', access, '', way[0])({
      operation: way[1], extension: (/\.(\w+)$/.exec(file) || '')[1], size: sizeOf(file, more.l, label)
    }, steps)));
  }).then(function (form) {
    form.fields[form.file] = file;
    rest[way[2]] = form.upload;
    rest[way[3]] = undefined;
    return ended || step(operation('POST', 0, '', form.url, '', { f: form.file, i: 1, k: label, n: 1 })(form.fields, steps));
  }).then(function () {
    cancel = 0;
    placed = 1;
    body = toJson(rest);
    attempt();
  }).then(0, function (reason) { end(failure(reason, label, 'parse')); });
}
