// Lets the credentials that configure({ auth }) holds travel as the contract
// says: 'X-Key: ' in a header, with what comes before the value, or '?: key' in
// the query.
for (var scheme in more.auth) {
  var credential = Object(settings.auth)[scheme], way = more.auth[scheme].split(': ');
  if (typeof credential === 'function') credential = credential();
  if (credential) {
    //#basic
    if (way[1] === 'Basic ') credential = base64(credential.username + ':' + credential.password);
    //#end
    if (way[0] === '?') query.push(encode(way[1]) + '=' + encode(credential));
    else header[way[0]] = way[1] + credential;
  }
}
