return {
  op: operation,
  ApiError: ApiError,
  //#users
  switchUser: function () {
    changeUser(openSession(), '');
  },
  //#end
  //#subscribe
  subscribe: subscribe,
  //#end
  //#dates
  parseDate: parseDate,
  //#end
  configure: function (changes) {
    copy(settings, changes);
    if (changes.concurrency) sharedState().m = Math.max(1, Math.min(10, changes.concurrency));
  }
};
