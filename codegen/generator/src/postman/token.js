// An environment hides the collection's variables of the same name.
const keep = (token) => (pm.environment.has('token') ? pm.environment : pm.collectionVariables).set('token', token);
