// new Date(text) fails on iOS for other forms than 2024-01-01T12:00:00+08:00. A
// date alone is that day where the phone is; so is a time without an offset.
function parseDate(text) {
  var iso = (text + '').toUpperCase().replace(' ', 'T').replace(/(T.*?) ?([+-]..):?(..)?$/, '$1$2:$3').replace(/:$/, ':00');
  var part = (iso + 'T0:0:0.0').split(/\D+/);
  return /T.*[Z+-]/.test(iso) ? new Date(iso)
    : new Date(part[0], part[1] - 1, part[2], part[3], part[4], part[5], ('.' + part[6]) * 1000);
}
