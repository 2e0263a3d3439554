// new Date(text) fails on iOS for other forms than 2024-01-01T12:00:00+08:00. A
// date alone is that day where the phone is; so is a time without an offset.
function parseDate(text) {
  // At its end stands what the text may lack, be it the minutes of an offset.
  var whole = text + 'T00:0:0.0', part = whole.split(/\D+/), iso;
  whole = whole.replace(/z/i, '+00');
  iso = whole.replace(/[T ](.*?) ?([+-]..)\D?(..).*/i, 'T$1$2:$3');
  return iso == whole ? new Date(part[0], part[1] - 1, part[2], part[3], part[4], part[5], ('.' + part[6]) * 1000)
    : new Date(iso);
}
