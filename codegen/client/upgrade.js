// The server refuses this version: WeChat's update flow, once a launch for all
// clients of the mini-program.
function upgrade(host, own, error) {
  var state = sharedState(host), manager, told;
  // In the language in which the server says it.
  var chinese = /[\u4e00-\u9fff]/.test(error.title);
  if (state.upgrading) return;
  state.upgrading = true;
  if (own) return own(error);

  function tell(text, restart) {
    if (told || !host.showModal) return;
    told = true;
    host.showModal({
      title: error.title,
      content: text,
      showCancel: !!restart,
      success: function (answer) { if (restart && answer.confirm) manager.applyUpdate(); }
    });
  }
  function stuck() {
    tell(chinese ? '请关闭小程序后重新打开；若仍无法使用，请从列表中删除，再搜索进入'
      : 'Close the mini-program and open it again. If it still fails, delete it and search for it.');
  }
  // It need not be said again what was said before the first call.
  setTimeout(stuck, 30000);
  try {
    manager = host.getUpdateManager();
    manager.onCheckForUpdate(function (found) { if (!found.hasUpdate) stuck(); });
    manager.onUpdateFailed(stuck);
    manager.onUpdateReady(function () {
      tell(chinese ? '新版本已准备好，重启后即可使用' : 'The new version is ready. Restart now?', true);
    });
  } catch (missing) { stuck(); }
}
