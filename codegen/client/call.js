// access: who may call: 0 everybody, 1 everybody, but users with their token, 2 users,
// 3 the login, 4 the log-out.
// common: the error codes of all operations with this method and access. codes:
// further ones. more, what few have:
//   s  styles of parameters
//   m  the media type of a body that is not JSON, up to the boundary; r: it is sent
//      as it is, p: it is a form, with the styles of its members
//   f  the member that is a file
//   i  idempotent
//   t  the responseType of an answer that is not JSON; n: nothing is read; u: 304 is an answer
//#auth
//   a  schemes of credentials, see authorize.js
//#end
//#size
//   l  bytes that the file may have
//#end
//#direct
//   d  see direct.js; k: the label of the operation that sends a file to a bucket
//#end
function operation(method, access, common, path, codes, more) {
  more = more || {};
  var login = access == 3, leaves = access == 4, sendsBody = method[0] == 'P', label =
    //#direct
    more.k ||
    //#end
    method + ' ' + path, safe = !sendsBody || method[1] == 'U'
    //#idempotent
    || !!more.i
    //#end
    , repeatable = safe || login;

  // door: the function of the host that takes a file. own: the session that the client
  // itself logs in. What follows it are variables.
  function start(values, options, body, door, own, queue, session, header) {
    // Terser gives names in the order of declaration: first come those that are used most.
    //#auth
    var credential, way;
    //#end
    //#upload
    var file;
    //#end

    var run, token, cancel, ended;
    //#include hear.js

    //#include run.js

    //#include send.js

    //#include receive.js

    options = options || {};
    session = queue = sharedState();
    header = {};
    var url;
    //#pairs
    var query = [];
    //#end
    //#session
    var needsUser = access == 2
      //#logout
      || leaves && body && body.everywhere
      //#end
      , replayed, coded;
    //#end
    //#upload
    var upload;
    //#end
    //#retry
    var tries = 0;
    //#end
    //#hooks
    var over;
    //#end
    //#direct
    var placed;
    //#end
    var resolve, reject;
    var promise = new Promise(function (yes, no) {
      resolve = yes;
      reject = no;
    });
    promise.abort = function () {
      hear(new ApiError('abort', label));
      //#share
      if (run && !(run.h = without(run.h, hear))[0])
      //#end
      //#!share
      if (run)
      //#end
      // Nobody hears this any more.
      run.e(1);
    };
    //#hooks
    count(options, 1);
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
        session = { b: changeUser(session, ''), l: [], t: session.t };
      }
      if (leaves && !needsUser && !session.t) hear();
      else
      //#end
      {
        run = {
          //#share
          // Equal reads under way share one request; what is read after a write is
          // asked anew.
          k: method != 'GET' || door ? {} : toJson([queue.w, url, header, options, session.t]),
          h: [hear],
          //#end
          e: end
        };
        //#share
        if (!session.l.some(function (one) { return one.k == run.k && (run = one).h.push(hear); }))
        //#end
        {
          //#live
          session.l.push(run);
          //#end
          attempt();
        }
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
    // By name and not by instanceof: two copies of a client (independent
    // sub-packages) have two classes, and one login that may fail for both.
    // Where no code came from the server, it is the kind.
    return Object(error).name == 'ApiError' && (' ' + error.kind + common + (codes || '') + ' ').indexOf(' ' + error.code + ' ') >= 0;
  };
  //#download
  call.download = function (values, options) {
    return start(values, options, undefined, 'downloadFile');
  };
  //#end
  //#session
  if (login) exchange = start.bind(0, 0, 0, {}, '');
  //#end
  return call;
}
