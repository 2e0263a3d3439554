
return {
  op: operations,
  ApiError: ApiError,
  //#session
  switchUser: function () {
    changeUser(openSession(), '');
  },
  //#end
  //#dates
  parseDate: parseDate,
  //#end
  configure: function (changes) {
    for (var key in changes) settings[key] = changes[key];
    if (changes.concurrency) sharedState(host()).limit = Math.max(1, Math.min(10, changes.concurrency));
  }
};
