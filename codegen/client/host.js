var settings = { baseUrl: bases }, exchange;

function host() {
  return settings.host || wx;
}

// Review builds run as `develop`; whatever is not known counts as release.
function baseUrl() {
  var base = settings.baseUrl, version;
  //#container
  if (settings.container) return settings.container.env + '/' + (settings.container.service || '');
  //#end
  if (base && !base.replace) {
    try { version = host().getAccountInfoSync().miniProgram.envVersion; } catch (unknown) { /* release */ }
    base = /^(develop|trial)$/.test(version) && base[version] || base.release;
  }
  if (!base) throw new ApiError('network', name, { title: 'No base URL: call configure({ baseUrl })' });
  return base.replace(/\/+$/, '');
}

// What WeChat is set to, such as zh_CN: not every phone's system says a
// language with a request. Known from base library 2.20.1 on.
function language() {
  try { return host().getAppBaseInfo().language.replace(/_/g, '-'); } catch (old) { return ''; }
}
//#hooks

// What a hook throws is told like any uncaught error, and disturbs no call.
function tell(hook, value) {
  try {
    if (hook) hook(value);
  } catch (error) {
    setTimeout(function () { throw error; }, 0);
  }
}
//#end

function headerValue(header, name) {
  for (var key in header) if (key.toLowerCase() === name) return String(header[key]);
}

// Always anew: who changes what one call has given changes nobody else's.
function parse(data) {
  return JSON.parse(typeof data === 'string' ? data.replace(/^\uFEFF/, '') : JSON.stringify(data));
}
