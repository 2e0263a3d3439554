// Writes the members of a query, a form or a multipart body. undefined and null
// are left out, '' is sent; what stands in the path does not stand here again.
function pairsOf(values, path, styles, write) {
  var pairs = [];

  // A list as repeated names, if the contract does not give another style:
  //   ',' '%20' '%7C'  the items, or names and values, with this between
  //   'members'        a pair for each member
  //   'deep'           a pair for each value inside: name[member]=value
  //   'json'           JSON
  function add(name, value, style) {
    var list = Array.isArray(value);
    if (value === undefined || value === null) return;
    //#styles
    // Neither members nor deep nor undefined.
    if (!/e/.test(style)) pairs.push(encode(name) + '=' + written(value, style));
    else if (isObject(value) && (style || list)) {
      for (var member in value) {
        // Lists of plain values as most servers read them.
        add(style === 'deep' ? name + '[' + (list && !isObject(value[member]) ? '' : member) + ']' : list ? name : member, value[member], style);
      }
    }
    //#end
    //#!styles
    if (list) value.forEach(function (item) { add(name, item); });
    //#end
    else pairs.push(write ? write(name, textOf(value)) : encode(name) + '=' + encode(value));
  }

  for (var name in values) {
    if (path.indexOf('{' + name + '}') < 0) add(name, values[name]
      //#styles
      , styles && styles[name]
      //#end
    );
  }
  return pairs;
}
