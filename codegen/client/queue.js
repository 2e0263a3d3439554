// WeChat runs ten requests at once for a whole mini-program, uploads and
// downloads among them. So the queue lies on the host object, where all clients
// and all copies of a client share it.
var ownState;

function sharedState(host) {
  if (!host.__queqiao) {
    ownState = ownState || { running: 0, limit: 10, waiting: [], sessions: {}, shares: {} };
    try { host.__queqiao = ownState; } catch (frozen) { /* this copy keeps to itself */ }
    //#background
    watch(host, ownState);
    //#end
  }
  return host.__queqiao || ownState;
}

// A job answers false if it did not use its place after all. Otherwise it
// counts `running` down and drains the queue when its request has ended.
function drain(queue) {
  if (queue.draining) return;
  queue.draining = true;
  while (!queue.away && queue.running < queue.limit && queue.waiting[0]) {
    queue.running++;
    if (queue.waiting.shift()() === false) queue.running--;
  }
  queue.draining = false;
}

function without(list, one) {
  return list.filter(function (other) { return other !== one; });
}
