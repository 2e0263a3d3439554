// What a hook throws is told like any uncaught error, and disturbs no call.
function tell(hook, value) {
  try {
    if (hook) hook(value);
  } catch (error) {
    setTimeout(function () { throw error; }, 0);
  }
}

// Calls under way, for an indicator that shows only if it takes a while.
var busy = 0, shown, indicator;

function count(change) {
  if (!(busy += change)) {
    clearTimeout(indicator);
    if (shown) tell(settings.onLoading, shown = false);
  } else if (busy === change) {
    indicator = setTimeout(function () {
      tell(settings.onLoading, shown = true);
    }, settings.loadingDelay === undefined ? 300 : settings.loadingDelay);
  }
}
