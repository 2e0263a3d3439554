// A request that the background interrupts fails, and five seconds after
// entering it WeChat refuses new ones until the foreground: they wait for it.
if (!queue.b && wx.onAppHide && wx.onAppShow) {
  queue.b = 1;
  wx.onAppHide(function () {
    var since = queue.h = {};
    wait(function () { queue.a = queue.h === since; }, 5000);
  });
  wx.onAppShow(function () {
    queue.h = queue.a = false;
    drain(queue);
  });
}
