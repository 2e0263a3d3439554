// A member of a multipart body as text.
function part(value) {
  return String(value.toJSON ? value.toJSON() : typeof value === 'object' ? JSON.stringify(value) : value);
}
