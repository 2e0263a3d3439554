// The server refuses this version: WeChat's update flow, once a launch for all
// clients of the mini-program. Server texts are in the user's language, and can
// still be changed when this version is out.
function upgrade(error) {
  var state = sharedState(), wx = host(), told;
  if (state.upgrading) return;
  state.upgrading = true;
  if (settings.onUpgrade) return settings.onUpgrade(error);

  function tell(text, restart) {
    if (told || !wx.showModal) return;
    told = true;
    wx.showModal({
      title: error.title,
      content: text,
      showCancel: !!restart,
      success: function (answer) { if (restart && answer.confirm) restart(); }
    });
  }
  function stuck() {
    tell(error.detail || error.code);
  }
  // It need not be said again what was said before the first call.
  setTimeout(stuck, 30000);
  try {
    var manager = wx.getUpdateManager();
    manager.onCheckForUpdate(function (found) { if (!found.hasUpdate) stuck(); });
    manager.onUpdateFailed(stuck);
    manager.onUpdateReady(function () {
      tell('重启以更新？ Restart to update?', function () { manager.applyUpdate(); });
    });
  } catch (missing) { stuck(); }
}
