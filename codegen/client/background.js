// A request that the background interrupts fails, and five seconds after
// entering it WeChat refuses new ones until the foreground: they wait for it.
if (!queue.b && host.onAppHide) {
  queue.b = 1;
  host.onAppHide(function () { queue.h = Date.now() + 5000; });
  host.onAppShow(function () {
    queue.h = NaN;
    drain(queue);
  });
}
