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
    copy(settings, changes);
    if (changes.concurrency) sharedState().limit = Math.min(10, changes.concurrency);
  }
};
