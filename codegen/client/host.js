var settings = {
  baseUrl: bases,
  //#container
  container: container,
  //#end
  //#retry
  retries: 2,
  //#end
  //#auth
  auth: {},
  //#end
  //#hooks
  loadingDelay: 300
  //#end
}, exchange, wait, host, toJson = JSON.stringify;

function baseUrl() {
  var base = settings.baseUrl;
  //#container
  if (settings.container) return settings.container.env + '/' + settings.container.service;
  //#end
  //#versions
  // Review builds run as `develop`; whatever is not known counts as release.
  var version;
  if (!base.replace) {
    try { version = host.getAccountInfoSync().miniProgram.envVersion; } catch (unknown) { /* release */ }
    base = /^dev|^tri/.test(version) && base[version] || base.release;
  }
  //#end
  //#unset
  if (!base) throw Error('call configure({ baseUrl })');
  //#end
  return base.replace(/\/+$/, '');
}

// What is undefined changes nothing. header: these are headers, with names in
// lower case; so of equal ones the later counts.
function copy(to, from, header) {
  for (var key in from) if (from[key] !== undefined) to[header ? key.toLowerCase() : key] = header ? from[key] + '' : from[key];
  return to;
}

// Always anew: who changes what one call has given changes nobody else's.
function parse(data) {
  return JSON.parse('' + data === data ? data
    //#foreign
    // Of a byte order mark.
    .trim()
    //#end
    : toJson(data));
}
