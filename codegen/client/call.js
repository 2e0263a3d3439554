// access: who may call: '' for everybody, 'user', 'optional', 'login' or 'logout'.
// common: the error codes of all these operations. codes: further ones. more:
// styles of parameters; media, form (styles of its members), raw and file of a
// body that is not JSON; auth (schemes); text, binary or none for an answer that
// is not JSON; unchanged, if 304 is one; idempotent.
//#size
// most: bytes that the file may have.
//#end
//#direct
// direct: see directly; bucket: the label of the operation that sends a file there.
//#end
function operations(method, access, common) {
  var login = access === 'login', leaves = access === 'logout', sendsBody = method[0] === 'P';

  return function (path, codes, more) {
    more = more || {};
    //#direct
    if (more.direct) return directly(method, access, common, path, codes, more);
    //#end
    var label =
      //#direct
      more.bucket ||
      //#end
      method + ' ' + path, safe = !/^P[OA]/.test(method)
      //#idempotent
      || !!more.idempotent
      //#end
      , repeatable = safe || login;

    // file: of a download. own: the session that the client itself logs in.
    function start(values, options, body, door, own) {
      options = options || {};
      var wx = host(), queue = sharedState(), session = queue, header = {},
          //#pairs
          query = [],
          //#end
          needsUser = access === 'user'
          //#logout
          || leaves && body && body.everywhere
          //#end
          ,
        run, url, resolve, reject, cancel, ended;
      //#session
      var token, replayed, coded;
      //#end
      //#retry
      var tries = 0;
      //#end
      //#share
      var key;
      //#end
      //#hooks
      var over;
      //#end
      //#upload
      var upload;
      //#end

      //#include hear.js

      //#include run.js

      //#include send.js

      //#include receive.js

      var promise = new Promise(function (yes, no) {
        resolve = yes;
        reject = no;
      });
      promise.abort = function () {
        var error = new ApiError('abort', label);
        hear(error);
        //#share
        if (run && !(run.h = without(run.h, hear))[0])
        //#end
        //#!share
        if (run)
        //#end
        run.e(error);
      };
      //#hooks
      if (options.loading !== false) count(1);
      //#end
      try {
        //#include request.js
        //#session
        if (access) session = own || openSession();
        //#end
        //#logout
        // The user goes now, whenever the server hears of it; those of other
        // devices go too, if need be after a new login.
        if (leaves) {
          token = session.t;
          session = Object.create(changeUser(session, ''));
          copy(session, { k: '', t: token, l: [], p: 0 });
          if (!needsUser && !token) return hear(), promise;
        }
        //#end
        //#share
        // Equal reads under way share one request; what is read after a write is
        // asked anew.
        if (method === 'GET' && !door) key = toJson([queue.w, url, header, options, session.t]);
        run = key && session.l.filter(function (one) { return one.k === key; })[0];
        if (run) run.h.push(hear);
        else
        //#end
        {
          run = {
            //#users
            n: label,
            //#end
            //#share
            k: key,
            h: [hear],
            //#end
            e: end
          };
          //#live
          session.l.push(run);
          //#end
          attempt();
        }
      } catch (mistake) {
        hear(failure(mistake, label, 'validation'));
      }
      return promise;
    }

    function call(first, second, third) {
      return !sendsBody ? start(first, second)
        : /\{/.test(path) ? start(first, third, second)
        : start(0, second, first);
    }
    call.failed = function (error) {
      // Where no code came from the server, it is the kind.
      return isApiError(error) && [' ' + error.kind, common, codes, ' '].join('').indexOf(' ' + error.code + ' ') >= 0;
    };
    //#download
    call.download = function (values, options) {
      return start(values, options, undefined, 'downloadFile');
    };
    //#end
    //#session
    if (login) exchange = start.bind(0, 0, {
      //#hooks
      silent: 1
      //#end
    }, {}, '');
    //#end
    return call;
  };
}
