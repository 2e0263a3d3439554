url = (
  //#server
  path[0] != '/' ? '' :
  //#end
  //#container
  settings.container ? '' :
  //#end
  baseUrl()) + path.replace(/\{(.+?)}/g, function (_, name) {
  var value = values[name];
  // An empty segment, '.' or '..' would name another resource.
  if (value == null || /^\.{0,2}$/.test(value)) {
    throw new ApiError('validation', label, { detail: name + ' cannot stand in a path' });
  }
  return (
    //#styles
    written(value, more.s && more.s[name])
    //#end
    //#!styles
    //#objects
    encode(value)
    //#end
    //#!objects
    encodeURIComponent(value)
    //#end
    //#end
  );
});
//#query
query = pairsOf(sendsBody ? options.query : values, sendsBody ? '' : path, more.s);
//#end
//#auth
//#include authorize.js
//#end
//#pairs
if (query[0]) url += '?' + query.join('&');
//#end
//#language
// What WeChat is set to, such as zh_CN: not every phone's system says a language
// with a request. Known from base library 2.20.1 on.
try { header['accept-language'] = host.getAppBaseInfo().language.replace(/_/g, '-'); } catch (old) { /* the system's own */ }
//#end
//#idempotent
if (more.i) header['idempotency-key'] = unique();
//#end
if (body !== undefined) {
  //#upload
  file = more.f;
  if (file && body[file]) {
    //#size
    sizeOf(body[file], more.l, label);
    //#end
    door = 'uploadFile';
    upload = { name: file, filePath: body[file], formData: {} };
    pairsOf(body, '{' + file + '}', 0, function (name, text) { upload.formData[name] = text; });
  } else
  //#end
  {
    //#multipart
    // Without a file: wx.uploadFile wants one.
    var boundary = 'f' in more ? unique() : '';
    header['content-type'] = (more.m || 'application/json') + boundary;
    //#end
    //#!multipart
    header['content-type'] =
      //#media
      more.m ||
      //#end
      'application/json';
    //#end
    //#multipart
    if (boundary) {
      boundary = '--' + boundary;
      body = boundary + pairsOf(body, '', 0, function (name, text) {
        return '\r\nContent-Disposition: form-data; name="' + name.replace(/["\r\n]/g, encode) +
          '"\r\n\r\n' + text + '\r\n' + boundary;
      }).join('') + '--\r\n';
    } else
    //#end
    //#form
    if (more.p) body = pairsOf(body, '', more.p).join('&');
    else
    //#end
    //#raw
    if (!more.r)
    //#end
    body = toJson(body);
  }
  //#container
  if (settings.container && encode(body).replace(/%../g, '.').length > 102400) {
    throw Error('WeChat sends at most 100 KiB to a container');
  }
  //#end
}
//#override
if (method == 'PATCH') header['X-HTTP-Method-Override'] = method;
//#end
copy(copy(header, settings.header, 1), options.header, 1)
//#!foreign
// By which the server knows the contract of this client.
['X-Queqiao-Client'] = contract
//#end
;
//#direct
// What is meant for the server is none of the bucket's business.
if (more.k) header = {};
//#end
