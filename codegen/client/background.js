// A request that the background interrupts fails, and five seconds after
// entering it WeChat refuses new ones until the foreground: they wait for it.
function watch(host, queue) {
  if (queue.b || !host.onAppHide || !host.onAppShow) return;
  queue.b = 1;
  host.onAppHide(function () {
    var since = queue.h = {};
    wait(function () { queue.a = queue.h === since; }, 5000);
  });
  host.onAppShow(function () {
    queue.h = queue.a = false;
    drain(queue);
  });
}
