// The server refuses this version: WeChat's update flow, once a launch for all
// clients of the mini-program. Server texts are in the user's language, and can
// still be changed when this version is out.
function upgrade(error) {
  var told, manager;

  // ready: the manager, if an update is.
  function show(ready) {
    ready = ready == manager;
    if (!told && host.showModal) host.showModal(told = {
      title: error.title,
      content: ready ? '重启更新？ Restart to update?' : error.detail || error.code,
      showCancel: ready,
      success: function (answer) { if (ready && answer.confirm) manager.applyUpdate(); }
    });
  }
  // It need not be said again what was said before the first call.
  wait(show, 30000);
  try {
    manager = host.getUpdateManager();
    manager.onCheckForUpdate(function (found) { if (!found.hasUpdate) show(); });
    manager.onUpdateFailed(show);
    manager.onUpdateReady(show.bind(0, manager));
  } catch (missing) { show(0); }
}
