// A request that the background interrupts fails, and five seconds after
// entering it WeChat refuses new ones until the foreground: they wait for it.
if (!queue.b) {
  queue.b = 1;
  try {
    host.onAppShow(function () {
      queue.h = NaN;
      drain(queue);
    });
    host.onAppHide(function () { queue.h = Date.now() + 5000; });
  } catch (missing) { /* nobody waits */ }
}
