// Subscriptions. What is noted of them lies in the storage too, with short names:
//   k  its key there
//   i  the ids of the templates by their names, as the server told them last
//   r  what the server has not heard yet: d, its id; a, the answers; t, their time
var notes = {};

function subscriptions(ids) {
  var key = 'queqiao:subscribe ' + name + ' ' + baseUrl(), kept = notes[key];
  if (!kept) {
    try { kept = host().getStorageSync(key); } catch (broken) { /* as if there were none */ }
    notes[key] = kept = Object(kept).r ? kept : { k: key, r: [] };
  }
  if (ids) kept.i = ids;
  try { if (ids) host().setStorageSync(key, kept); } catch (full) { /* the notes in memory serve this launch */ }
  return kept;
}

// path: of the operation that the server hears answers by, and answers with the ids.
function subscribe(path) {
  var report = operations('PUT', 'user', '')(path);

  function tellAnswers(kept, one) {
    return report({ report: one.d }, { answers: one.a, age: Math.max(0, Date.now() - one.t) }
      //#hooks
      , { loading: false, silent: true }
      //#end
    ).then(function (told) {
      kept.r = without(kept.r, one);
      subscriptions(told.templates);
    });
  }

  return function (names) {
    return new Promise(function (resolve, reject) {
      var kept, ids;
      function answered(result) {
        var one = { d: unique(), a: {}, t: Date.now() };
        names.forEach(function (template) { one.a[template] = result[ids[template]] || 'reject'; });
        resolve(one.a);
        kept.r = kept.r.concat(one).slice(-20);
        subscriptions(ids);
        kept.r.forEach(function (one) {
          tellAnswers(kept, one).then(0, function (error) {
            // What the server refuses now it refuses later too; the rest is told with the next answer.
            if (/^4(?!08|29)/.test(error.status)) kept.r = without(kept.r, one);
            subscriptions(ids);
          });
        });
      }
      function fail(reason) {
        var code = reason.errCode;
        // The user has switched all messages off.
        if (code === 20004) return answered({});
        // The template is gone: its successor is asked for with the next tap.
        if (code === 20001) kept.i = 0;
        reject(failure(code ? { errMsg: reason.errMsg, errno: code } : reason, 'wx.requestSubscribeMessage', 'validation'));
      }
      function ask() {
        ids = kept.i;
        host().requestSubscribeMessage({
          tmplIds: names.map(function (template) {
            if (!ids[template]) throw Error('The server has no id for the template ' + template);
            return ids[template];
          }),
          success: answered,
          fail: fail
        });
      }
      try {
        kept = subscriptions();
        // WeChat wants to be asked by the tap itself: nothing is waited for where the ids are known.
        if (kept.i) ask();
        else tellAnswers(kept, { d: unique(), a: {}, t: Date.now() }).then(ask).then(0, fail);
      } catch (mistake) { fail(mistake); }
    });
  };
}
