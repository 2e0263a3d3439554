// Calls under way, for an indicator that shows only if it takes a while.
var busy = 0, shown, indicator;

function turn() {
  tell(settings.onLoading, shown = !shown);
}

function count(options, change) {
  if (options.loading === false) return;
  if (!(busy += change)) {
    clearTimeout(indicator);
    if (shown) turn();
  } else if (busy == change) indicator = wait(turn, settings.loadingDelay);
}
