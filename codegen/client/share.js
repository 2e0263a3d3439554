// Equal reads under way share one request. Who aborts leaves the others theirs;
// what is read after a write is asked anew.
function join(queue, key, hear, begin) {
  var share = queue.shares[key];
  if (share) share.hearers.push(hear);
  else {
    share = queue.shares[key] = { hearers: [hear] };
    share.stop = begin(function (error, response) {
      if (queue.shares[key] === share) delete queue.shares[key];
      share.hearers.forEach(function (hear) { hear(error, response); });
    });
  }
  return function () {
    share.hearers = without(share.hearers, hear);
    if (!share.hearers[0] && share.stop) share.stop();
  };
}
