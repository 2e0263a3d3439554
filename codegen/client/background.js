// A request that the background interrupts fails, and five seconds after
// entering it WeChat refuses new ones until the foreground: they wait for it.
//   hidden   the mini-program is in the background
//   away     and requests are refused there by now
function watch(host, queue) {
  var timer;
  if (!host.onAppHide || !host.onAppShow || queue.watched) return;
  queue.watched = true;
  host.onAppHide(function () {
    queue.hidden = true;
    clearTimeout(timer);
    timer = setTimeout(function () { queue.away = true; }, 5000);
  });
  host.onAppShow(function () {
    clearTimeout(timer);
    queue.hidden = queue.away = false;
    drain(queue);
  });
}
