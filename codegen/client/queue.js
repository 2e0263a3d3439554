// WeChat runs ten requests at once for a whole mini-program, uploads and
// downloads among them. So the queue lies on the host object, where all clients
// and all copies of a client share it. No minifier shortens names that others
// use, so these are short:
//   n  requests under way: a number
//   q  functions that begin one, in their order
//   l  what is under way without a session, as in a session
//   w  counts what was not a read
//   s  the sessions, r: what is noted of subscriptions
//   p  ends with the login under way of whatever session, c: with its wx.login
//   b  the background is watched, h: when requests will be refused there
//   u  the update flow has begun
var state;

function sharedState() {
  // At each call those of now, which a test of the app may have put there.
  wait = setTimeout;
  host = settings.host || wx;
  var queue = state = host.__queqiao || state || { n: 0, q: [], l: [], w: 0, s: {} };
  try { host.__queqiao = queue; } catch (frozen) { /* this copy keeps to itself */ }
  //#background
  //#include background.js
  //#end
  return queue;
}

// Who begins a request counts up; who ends one counts down, and calls this again.
// No configuration stops everything.
function drain(queue) {
  while (queue.q[0] && !(
    //#background
    Date.now() > queue.h ||
    //#end
    queue.n > 9 || queue.n && queue.n >= settings.concurrency
  )) queue.q.shift()();
}

function without(list, one) {
  return list.filter(function (other) { return other != one; });
}
