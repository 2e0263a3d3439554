// fields come from the server as they are.
function ApiError(kind, operation, fields, response) {
  var error = copy(this, fields), code = (error.code || kind) + '', title = error.title || code;
  copy(error, {
    name: 'ApiError',
    kind: kind,
    operation: operation,
    status: (response = response || error).status,
    requestId: (response.header || 0)['x-request-id'],
    code: code,
    title: title,
    message: fields = operation + ': ' + code + ': ' + (error.detail || title),
    stack: Error(fields).stack
  });
}
ApiError.prototype = Error();

// What a `fail` callback, or anything thrown, means. errno exists from base
// library 2.24.0 on, and the wording of errMsg differs by platform: what is
// unknown is `otherwise`.
function failure(reason, operation, otherwise, repeatable) {
  var detail = (reason.errMsg || reason.message || reason) + '', text = reason.errno + ' ' + detail;
  return reason.name == 'ApiError' ? reason : new ApiError(
    otherwise = /^600003|interrupt/i.test(text) ? 'interrupted'
    : /^5 |timed?.?out|超时/i.test(text) ? 'timeout'
    : /abort/i.test(text) ? 'abort'
    : /offline|disconnect|errcode:-10(6|09)\b/i.test(text) ? 'offline'
    : otherwise,
    operation, { detail: detail, errno: reason.errno, retryable: otherwise != 'abort' && repeatable });
}
