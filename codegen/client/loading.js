// Calls under way, for an indicator that shows only if it takes a while.
var busy = 0, shown, indicator;

function count(options, change) {
  if (options.loading === false) return;
  if (!(busy += change)) {
    clearTimeout(indicator);
    if (shown) tell(settings.onLoading, shown = false);
  } else if (busy === change) {
    indicator = wait(function () { tell(settings.onLoading, shown = true); }, settings.loadingDelay);
  }
}
