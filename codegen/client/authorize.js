// Lets the credentials that configure({ auth }) holds travel as the contract
// says: [header, what comes before the value], ['Authorization', 'Basic ', 1] or
// ['', name in the query].
for (var scheme in more.a) {
  var credential = settings.auth[scheme], way = more.a[scheme];
  if (typeof credential === 'function') credential = credential();
  if (credential) {
    //#basic
    if (way[2]) credential = base64(credential.username + ':' + credential.password);
    //#end
    if (!way[0]) query.push(encode(way[1]) + '=' + encode(credential));
    else header[way[0]] = way[1] + credential;
  }
}
