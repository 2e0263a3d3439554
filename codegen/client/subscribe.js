// Subscriptions. What is noted of them lies on the host object, as the sessions do,
// and in the storage too, with short names:
//   i  the ids of the templates by their names, as the server told them last
//   r  what the server has not heard yet: d, its id; a, the answers; t, their time
// tellAnswers: tells the server one of these, or nothing, to only learn the ids.
var tellAnswers;

// Gives the notes, and writes them as they are by now. ids: only those that the server told just now.
function subscriptions(ids) {
  var queue = sharedState(), key = 'queqiao:subscribe ' + name + ' ' + baseUrl(), notes = queue.r = queue.r || {}, kept;
  try { kept = notes[key] || host.getStorageSync(key); } catch (broken) { /* as if there were none */ }
  notes[key] = kept = Object(kept).r ? kept : { r: [] };
  if (ids) kept.i = ids;
  try { host.setStorageSync(key, kept); } catch (full) { /* the notes in memory serve this launch */ }
  return kept;
}

// path: of the operation that the server hears answers by, and answers with the ids.
function subscribe(path) {
  var report = operation('PUT', 2, '', path);

  tellAnswers = function (one) {
    one = one || { d: unique(), a: {}, t: Date.now() };
    function done(told) {
      var kept = subscriptions();
      // What the server refuses now it refuses later too; the rest is told with the next answer.
      if (told.templates || /^4(?!08|29)/.test(told.status)) kept.r = without(kept.r, one);
      subscriptions(told.templates);
    }
    report({ report: one.d }, '', {
      // Of each try: one that the background or a login has held back tells of an older answer.
      answers: function () { return toJson({ answers: one.a, age: Math.max(0, Date.now() - one.t) }); },
      //#hooks
      loading: false, silent: true
      //#end
    }).then(done, done);
  };

  return function (names) {
    return new Promise(function (resolve, reject) {
      var kept, ids;
      function answered(result) {
        var one = { d: unique(), a: {}, t: Date.now() };
        // Not every host answers once.
        if (!ids) return;
        names.forEach(function (template) { one.a[template] = result[ids[template]] || 'reject'; });
        ids = 0;
        resolve(one.a);
        kept.r = kept.r.concat(one).slice(-20);
        subscriptions();
        kept.r.forEach(tellAnswers);
      }
      function fail(reason) {
        var code = (reason = reason || {}).errCode;
        // The user has switched all messages off.
        if (code == 20004) return answered({});
        // The template is gone: the next tap asks for its successor.
        if (code == 20001) tellAnswers(kept.i = 0);
        if (code) reason.errno = code;
        reject(failure(reason, 'wx.requestSubscribeMessage', 'validation'));
      }
      try {
        kept = subscriptions();
        ids = Object(kept.i);
        // WeChat wants to be asked by the tap itself: so nothing is waited for.
        // Taro's promise fails beside `fail`: nobody else deals with it.
        Promise.resolve(host.requestSubscribeMessage({
          tmplIds: names.map(function (template) {
            if (ids[template]) return ids[template];
            tellAnswers();
            throw Error('No id for the template ' + template + ' yet: ask at the next tap');
          }),
          success: answered,
          fail: fail
        })).then(0, Object);
      } catch (mistake) { fail(mistake); }
    });
  };
}
