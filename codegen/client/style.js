// OpenAPI's further ways to write a value into a query, a form or a path:
//   ','  ' '  '|'  the items of a list, or names and values, with this between
//   'members'      a pair for each member
//   'deep'         a pair for each value inside: name[member]=value
//   'json'         JSON
function isObject(value) {
  return value && typeof value === 'object' && !value.toJSON;
}

function written(value, style) {
  var items = value;
  if (style === 'json') return encode(JSON.stringify(value));
  if (!isObject(value)) return encode(value);
  if (!Array.isArray(value)) {
    items = [];
    for (var name in value) items.push(name, value[name]);
  }
  return items.map(function (item) { return encode(item); }).join(style === ',' ? style : encode(style));
}

function addStyled(pairs, name, value, style) {
  if (value === undefined || value === null) return;
  if (!isObject(value) || !/^(members|deep)$/.test(style)) {
    pairs.push(encode(name) + '=' + written(value, style));
  } else if (style === 'members' && Array.isArray(value)) {
    addPairs(pairs, name, value);
  } else {
    for (var member in value) {
      if (style === 'members') addPairs(pairs, member, value[member]);
      else {
        // Lists of plain values as most servers read them.
        var place = Array.isArray(value) && !isObject(value[member]) ? '' : member;
        addStyled(pairs, name + '[' + place + ']', value[member], style);
      }
    }
  }
}
