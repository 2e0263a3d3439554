var settings = { baseUrl: bases }, exchange;
//#container
settings.container = container;
//#end

function host() {
  return settings.host || wx;
}

// Review builds run as `develop`; whatever is not known counts as release.
function baseUrl() {
  var base = settings.baseUrl, version;
  //#container
  if (settings.container) return settings.container.env + '/' + settings.container.service;
  //#end
  if (base && !base.replace) {
    try { version = host().getAccountInfoSync().miniProgram.envVersion; } catch (unknown) { /* release */ }
    base = /^(develop|trial)$/.test(version) && base[version] || base.release;
  }
  if (!base) throw Error('No base URL: call configure({ baseUrl })');
  return base.replace(/\/+$/, '');
}

function copy(to, from) {
  for (var key in from) to[key] = from[key];
}

// name: in lower case.
function headerValue(header, name) {
  for (var key in header) if (key.toLowerCase() === name) return header[key];
}

// Always anew: who changes what one call has given changes nobody else's.
function parse(data) {
  return JSON.parse(typeof data === 'string' ? data.replace(/^\uFEFF/, '') : JSON.stringify(data));
}
