// A body as application/x-www-form-urlencoded. Lists are repeated, objects are
// JSON, if the contract gives them no style.
function formBody(body, styles) {
  var pairs = [];
  function add(name, value, style) {
    if (!style && Array.isArray(value)) value.forEach(function (item) { add(name, item); });
    else addStyled(pairs, name, value, style || (isObject(value) ? 'json' : ','));
  }
  for (var name in body) add(name, body[name], styles[name]);
  return pairs.join('&');
}
