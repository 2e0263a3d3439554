// new Date(text) fails on iOS for other forms than 2024-01-01T12:00:00+08:00. A
// date alone is that day where the phone is; so is a time without an offset.
function parseDate(text) {
  var part = /^(\d+)-(\d+)-(\d+)(?:[Tt ](\d+):(\d+)(?::(\d+)(\.\d+)?)?)? ?(?:([Zz])|([+-])(\d\d):?(\d\d))?$/.exec(text) || [];
  var fields = [+part[1], part[2] - 1, +part[3], +part[4] || 0, +part[5] || 0, +part[6] || 0, Math.floor(part[7] * 1000) || 0];
  var offset = part[10] * 60 + +part[11] || 0;
  if (part[8] || part[9]) return new Date(Date.UTC.apply(null, fields) - (part[9] === '-' ? -offset : offset) * 60000);
  return new Date(fields[0], fields[1], fields[2], fields[3], fields[4], fields[5], fields[6]);
}
