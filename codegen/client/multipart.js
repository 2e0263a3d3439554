// A multipart body without a file: wx.uploadFile wants one.
function multipart(body, boundary) {
  var text = '';
  for (var name in body) {
    [].concat(body[name]).forEach(function (value) {
      if (value !== undefined && value !== null) {
        text += '--' + boundary + '\r\nContent-Disposition: form-data; name="' +
          name.replace(/["\r\n]/g, encodeURIComponent) + '"\r\n\r\n' + part(value) + '\r\n';
      }
    });
  }
  return text + '--' + boundary + '--\r\n';
}
