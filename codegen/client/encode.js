//#objects
//#styles
function isObject(value) {
  return Object(value) === value && !value.toJSON;
}

//#end
// A date as RFC 3339 has it, an object as JSON.
function textOf(value) {
  //#styles
  return isObject(value) ? toJson(value) : value && value.toJSON ? textOf(value.toJSON()) : value + '';
  //#end
  //#!styles
  return Object(value) !== value ? value + '' : value.toJSON ? textOf(value.toJSON()) : toJson(value);
  //#end
}

// A half emoji (an input cut by maxlength) would make encodeURIComponent throw:
// it is left out.
function encode(value) {
  return encodeURIComponent(textOf(value).replace(/([\uD800-\uDBFF][\uDC00-\uDFFF])|[\uD800-\uDFFF]/g, '$1'));
}
//#styles

// style: see pairs.js.
function written(value, style) {
  var items = [].concat(style > 0 ? toJson(value) : value);
  if (style && items[0] === value && isObject(value)) {
    items = [];
    for (var name in value) items.push(name, value[name]);
  }
  return items.map(encode).join(style);
}
//#end
//#end
