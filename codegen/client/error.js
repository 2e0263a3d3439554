function ApiError(kind, operation, fields) {
  this.kind = kind;
  this.operation = operation;
  for (var name in fields) this[name] = fields[name];
  this.code = this.code || kind;
  this.title = this.title || this.code;
  this.message = operation + ': ' + (this.status ? this.status + ' ' : '') + this.code + ': ' + (this.detail || this.title);
  this.stack = new Error(this.message).stack;
}
ApiError.prototype = Object.create(Error.prototype);
ApiError.prototype.name = 'ApiError';

// By name and not by instanceof: two copies of a client (independent
// sub-packages) have two classes, and one login that may fail for both.
function isApiError(error) {
  return error && error.name === 'ApiError';
}

// What a `fail` callback means. errno exists from base library 2.24.0 on, and
// the wording of errMsg differs by platform: what is unknown is `otherwise`.
function failure(reason, operation, otherwise, repeatable) {
  var text = String(reason.errMsg || reason.errorMessage || reason.message || reason);
  var errno = reason.errno;
  var kind = errno === 600003 || /interrupt/i.test(text) ? 'interrupted'
    : errno === 5 || /time(d )?-?out|超时/i.test(text) ? 'timeout'
    : /abort/i.test(text) ? 'abort'
    : /offline|disconnected|errcode:-(106|1009)\b/i.test(text) ? 'offline'
    : otherwise;
  return new ApiError(kind, operation, {
    detail: text,
    errno: errno,
    retryable: kind !== 'abort' && repeatable
  });
}
