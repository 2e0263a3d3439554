// How large a file is, where the host tells. One that is too large is refused before anything of it is sent.
function sizeOf(path, most, label) {
  var size;
  try { size = host.getFileSystemManager().statSync(path).size; } catch (unknown) { /* the server finds out */ }
  if (size > most) {
    throw new ApiError('validation', label, {
      code: 'upload.too_large', title: '文件太大 The file is too large', detail: size + ' > ' + most
    });
  }
  return size;
}
