// Calls under way, for an indicator that shows only if it takes a while.
var busy = 0, shown, indicator;

function count(change) {
  busy += change;
  if (!busy) {
    clearTimeout(indicator);
    if (shown) tell(settings.onLoading, shown = false);
  } else if (change > 0 && busy < 2) {
    indicator = setTimeout(function () {
      tell(settings.onLoading, shown = true);
    }, settings.loadingDelay === undefined ? 300 : settings.loadingDelay);
  }
}
