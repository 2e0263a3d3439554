// Writes the members of a query, a form or a multipart body. undefined and null
// are left out, '' is sent; what stands in the path does not stand here again.
function pairsOf(values, path, styles, write) {
  var pairs = [];

  // A list as repeated names, if the contract does not give another style:
  //   ',' '%20' '%7C'  the items, or names and values, with this between
  //   -1               a pair for each member
  //   -2               a pair for each value inside: name[member]=value
  //   1                JSON
  function add(name, value, style) {
    var list = Array.isArray(value);
    //#styles
    // No text is less than a list, which is 1, or another value, which is 0.
    if (isObject(value) && style < list) {
      for (var member in value) {
        // Lists of plain values as most servers read them.
        add(style < -1 ? name + '[' + (list && !isObject(value[member]) ? '' : member) + ']' : list ? name : member, value[member], style);
      }
    }
    //#end
    //#!styles
    if (list) value.forEach(function (item) { add(name, item); });
    //#end
    else if (value !== undefined && value !== null) {
      pairs.push(write ? write(name, textOf(value)) : encode(name) + '=' +
        //#styles
        written(value, style)
        //#end
        //#!styles
        encode(value)
        //#end
      );
    }
  }

  for (var name in values) {
    if (path.indexOf('{' + name + '}') < 0) add(name, values[name]
      //#styles
      , styles && styles[name] || 0
      //#end
    );
  }
  return pairs;
}
