// The server refuses this version: WeChat's update flow, once a launch for all
// clients of the mini-program.
function upgrade(host, own, error) {
  var state = sharedState(host), manager, told;
  if (state.upgrading) return;
  state.upgrading = true;
  if (own) return own(error);

  function tell(text, restart) {
    if (told || !host.showModal) return;
    told = true;
    host.showModal({
      title: '当前版本已停用',
      content: text,
      showCancel: !!restart,
      success: function (answer) { if (restart && answer.confirm) manager.applyUpdate(); }
    });
  }
  function stuck() {
    tell('请关闭小程序后重新打开；若仍无法使用，请从小程序列表中删除，再搜索进入');
  }
  // It need not be said again what was said before the first call.
  setTimeout(stuck, 30000);
  try {
    manager = host.getUpdateManager();
    manager.onCheckForUpdate(function (found) { if (!found.hasUpdate) stuck(); });
    manager.onUpdateFailed(stuck);
    manager.onUpdateReady(function () { tell('新版本已准备好，重启后即可使用', true); });
  } catch (missing) { stuck(); }
}
