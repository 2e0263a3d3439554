// The contract of the server in host.mjs, for the generated client.
const json = (schema) => ({ content: { 'application/json': { schema } } })
const answer = (schema) => ({ 200: { description: 'OK', ...json(schema) }, 401: { description: 'Log in.' } })
const id = { name: 'id', in: 'path', required: true, schema: { type: 'string' } }
const item = { type: 'object', required: ['id'], properties: { id: { type: 'string' }, title: { type: 'string' } } }
const security = [{ login: [] }]

export const contract = {
  openapi: '3.1.0',
  info: { title: 'peers', version: '1.0.0' },
  servers: [{ url: 'https://server.example' }],
  // As a queqiao server writes it: then the client says which contract it has.
  'x-queqiao': { contract: '0000000000000001' },
  paths: {
    '/login': {
      post: {
        operationId: 'login',
        requestBody: { required: true, ...json({ type: 'object', required: ['code'], properties: { code: { type: 'string' } } }) },
        responses: answer({ type: 'object', required: ['token'], properties: { token: { type: 'string' } } }),
      },
    },
    '/items/{id}': {
      get: { operationId: 'getItem', security, parameters: [id], responses: answer(item) },
      patch: { operationId: 'patchItem', security, parameters: [id], requestBody: json(item), responses: answer(item) },
    },
    // A queqiao server does not compile with a 64-bit integer as a JSON number; as a string it keeps its digits.
    '/orders/{id}': { get: { operationId: 'getOrder', security, parameters: [id], responses: answer(item) } },
  },
  components: {
    securitySchemes: { login: { type: 'http', scheme: 'bearer', 'x-queqiao-login': { login: 'login' } } },
  },
}
