//#objects
function isObject(value) {
  return Object(value) === value && !value.toJSON;
}

// A date as RFC 3339 has it, an object as JSON.
function textOf(value) {
  return isObject(value) ? toJson(value) : String(value && value.toJSON ? value.toJSON() : value);
}

// A half emoji (an input cut by maxlength) would make encodeURIComponent throw:
// it is left out.
function encode(value) {
  return encodeURIComponent(textOf(value).replace(/([\uD800-\uDBFF][\uDC00-\uDFFF])|[\uD800-\uDFFF]/g, '$1'));
}
//#end
