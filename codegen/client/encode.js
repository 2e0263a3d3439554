//#objects
//#styles
function isObject(value) {
  return Object(value) === value && !value.toJSON;
}

//#end
// A date as RFC 3339 has it, an object as JSON.
function textOf(value) {
  if (value && value.toJSON) value = value.toJSON();
  return Object(value) === value ? toJson(value) : value + '';
}

// A half emoji (an input cut by maxlength) would make encodeURIComponent throw:
// it is left out.
function encode(value) {
  return encodeURIComponent(textOf(value).replace(/([\uD800-\uDBFF][\uDC00-\uDFFF])|[\uD800-\uDFFF]/g, '$1'));
}
//#styles

function written(value, style) {
  if (style === 'json') value = toJson(value);
  var items = value;
  if (isObject(value) && !Array.isArray(value)) {
    items = [];
    for (var name in value) items.push(name, value[name]);
  }
  return [].concat(items).map(encode).join(style);
}
//#end
//#end
