// fields come from the server as they are.
function ApiError(kind, operation, fields, response) {
  var error = copy(this, fields);
  if (response) {
    error.status = response.status;
    error.requestId =
      //#foreign
      error.request_id ||
      //#end
      response.header['x-request-id'];
  }
  error.name = 'ApiError';
  error.kind = kind;
  error.operation = operation;
  error.code = (error.code || kind) + '';
  error.title = error.title || error.code;
  error.message = operation + ': ' + error.code + ': ' + (error.detail || error.title);
  error.stack = Error(error.message).stack;
}
ApiError.prototype = Error();

// By name and not by instanceof: two copies of a client (independent
// sub-packages) have two classes, and one login that may fail for both.
function isApiError(error) {
  return Object(error).name === 'ApiError';
}

// What a `fail` callback, or anything thrown, means. errno exists from base
// library 2.24.0 on, and the wording of errMsg differs by platform: what is
// unknown is `otherwise`.
function failure(reason, operation, otherwise, repeatable) {
  var detail = (reason.errMsg || reason.message || reason) + '', text = reason.errno + ' ' + detail;
  return isApiError(reason) ? reason : new ApiError(
    otherwise = /^600003|interrupt/i.test(text) ? 'interrupted'
    : /^5 |time(d )?-?out|超时/i.test(text) ? 'timeout'
    : /abort/i.test(text) ? 'abort'
    : /offline|disconnected|errcode:-(106|1009)\b/i.test(text) ? 'offline'
    : otherwise,
    operation, { detail: detail, errno: reason.errno, retryable: otherwise !== 'abort' && repeatable });
}
