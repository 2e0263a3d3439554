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
  configure: copy.bind(0, settings)
};
