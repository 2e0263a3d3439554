// WeChat runs ten requests at once for a whole mini-program, uploads and
// downloads among them. So the queue lies on the host object, where all clients
// and all copies of a client share it.
var state;

function sharedState() {
  var wx = host();
  state = wx.__queqiao || state || { running: 0, limit: 10, waiting: [], sessions: {} };
  try { wx.__queqiao = state; } catch (frozen) { /* this copy keeps to itself */ }
  //#background
  watch(wx, state);
  //#end
  return state;
}

// A job answers false if it did not use its place after all. Otherwise it
// counts `running` down and drains the queue when its request has ended.
function drain(queue) {
  if (queue.busy) return;
  queue.busy = true;
  while (
    //#background
    !queue.away &&
    //#end
    queue.running < queue.limit && queue.waiting[0]
  ) {
    queue.running++;
    if (!queue.waiting.shift()()) queue.running--;
  }
  queue.busy = false;
}

function without(list, one) {
  return list.filter(function (other) { return other !== one; });
}
