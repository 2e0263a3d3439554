// Lets the credentials that configure({ auth }) holds travel as the contract
// says: [header, what comes before the value], ['Authorization', 'Basic ', 1] or
// ['', name in the query as it is written there, with '='].
for (var scheme in more.a) {
  credential = settings.auth[scheme];
  way = more.a[scheme];
  if (credential && credential.call) credential = credential();
  if (credential) {
    //#basic
    //#include base64.js
    //#end
    //#pairs
    if (!way[0]) query.push(way[1] + encode(credential));
    else
    //#end
    header[way[0]] = way[1] + credential;
  }
}
