// A multipart body with a file, in the words of wx.uploadFile.
function uploadOf(body, file) {
  var upload = { name: file, filePath: body[file], formData: {} };
  for (var name in body) {
    if (name !== file && body[name] !== undefined && body[name] !== null) upload.formData[name] = part(body[name]);
  }
  return upload;
}
