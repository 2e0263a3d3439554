// What a function of the app throws is told like any uncaught error, and disturbs
// no call.
function tell(hook, value) {
  try {
    if (hook) hook(value);
  } catch (error) {
    wait(function () { throw error; });
  }
}
