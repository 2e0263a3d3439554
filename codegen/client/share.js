// Equal reads under way share one request. Who aborts leaves the others theirs;
// what is read after a write is asked anew.
function join(holder, key, hear, begin) {
  var shares = holder.shares = holder.shares || {}, share = shares[key];
  if (share) share.hearers.push(hear);
  else {
    share = shares[key] = { hearers: [hear] };
    share.stop = begin(function (error, response) {
      if (shares[key] === share) delete shares[key];
      share.hearers.forEach(function (hear) { hear(error, response); });
    });
  }
  return function () {
    share.hearers = without(share.hearers, hear);
    if (!share.hearers[0]) share.stop();
  };
}
