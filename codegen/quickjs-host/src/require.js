(function (modules) {
  var loaded = {};
  return function require(path) {
    var name = path.replace(/^\.\//, '').replace(/\.js$/, '') + '.js';
    if (!modules[name]) throw new Error('no module ' + path);
    if (!loaded[name]) {
      loaded[name] = { exports: {} };
      modules[name](loaded[name].exports, require, loaded[name]);
    }
    return loaded[name].exports;
  };
})
