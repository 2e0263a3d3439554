// The contracts that the client's size is measured with. They are realistic: mixed methods, path, query and body, doc
// comments, models, several error codes with their texts, as a queqiao server writes them.
import { createHash } from 'node:crypto'

const PROBLEM = {
  description: 'A failure, as RFC 9457 writes it.',
  type: 'object',
  required: ['code', 'title', 'status'],
  properties: {
    code: { type: 'string', description: 'Stable and made for programs.' },
    title: { type: 'string', description: 'One sentence for people.' },
    status: { type: 'integer', minimum: 400, maximum: 599 },
    detail: { type: 'string' },
    request_id: { type: 'string' },
  },
}

/** Codes that operations of a queqiao server share, by status. */
const SHARED = {
  400: ['body.encoding', 'body.incomplete', 'body.malformed', 'body.too_deep'],
  401: ['auth.expired', 'auth.invalid', 'auth.required', 'auth.revoked'],
  413: ['body.too_large'],
  422: ['validation'],
  500: ['internal'],
  503: ['timed_out'],
}
const LOGIN = { 401: ['login.blocked', 'login.code_invalid'], 429: ['login.too_often'], 503: ['login.unavailable', 'timed_out'] }

function failures(...tables) {
  const codes = {}
  for (const table of tables) for (const [status, some] of Object.entries(table)) codes[status] = [...new Set([...(codes[status] ?? []), ...some])]
  const answer = (some) => ({
    description: some.map((code) => `\`${code}\`: What this code means. 这个代码的意思。`).join('\n'),
    content: {
      'application/problem+json': {
        schema: {
          allOf: [
            { $ref: '#/components/schemas/Problem' },
            { type: 'object', required: ['code'], properties: { code: { type: 'string', enum: some } } },
          ],
        },
      },
    },
  })
  return Object.fromEntries(Object.entries(codes).map(([status, some]) => [status, answer(some)]))
}

const json = (schema) => ({ content: { 'application/json': { schema } } })
const model = (name) => ({ $ref: `#/components/schemas/${name}` })
const ok = (schema) => ({ 200: { description: 'OK', ...json(schema) } })
const idParameter = { name: 'id', in: 'path', required: true, schema: { type: 'string', format: 'uuid' } }
const USER = [{ login: [] }]

function document(title, paths, schemas, more = {}) {
  const own = {
    openapi: '3.1.0',
    info: { title, version: '1.0.0' },
    ...more,
    paths: {
      '/auth/login': {
        post: {
          operationId: 'login',
          summary: 'Log in with a code from `wx.login`.',
          requestBody: { required: true, ...json(model('LoginCode')) },
          responses: { ...ok(model('LoginSession')), ...failures(SHARED, LOGIN) },
        },
      },
      ...paths,
    },
    components: {
      schemas: {
        Problem: PROBLEM,
        LoginCode: { type: 'object', required: ['code'], properties: { code: { type: 'string', maxLength: 512 } } },
        LoginSession: {
          type: 'object',
          required: ['token', 'expiresIn'],
          properties: { token: { type: 'string' }, expiresIn: { type: 'integer', minimum: 0, maximum: 4294967295 } },
        },
        ...schemas,
      },
      securitySchemes: {
        login: { type: 'http', scheme: 'bearer', 'x-queqiao-login': { login: 'login', renewalHeader: 'X-Queqiao-Token' } },
      },
    },
  }
  // The server writes the id of its contract into the document.
  const contract = createHash('sha256').update(JSON.stringify(own)).digest('hex').slice(0, 16)
  return { ...own, 'x-queqiao': { contract } }
}

/** Where a client calls by default, as every mini-program that is out has it. */
const SERVERS = [{ url: 'https://api.example.com' }]

/** Login and JSON operations, nothing else. */
export function core() {
  const note = { type: 'object', required: ['id', 'text'], properties: { id: { type: 'string' }, text: { type: 'string' } } }
  const codes = failures(SHARED, { 404: ['note.not_found'] })
  return document(
    'notes',
    {
      '/notes': {
        get: { operationId: 'listNotes', security: USER, responses: { ...ok({ type: 'array', items: model('Note') }), ...codes } },
        post: { operationId: 'addNote', security: USER, requestBody: { required: true, ...json(model('Note')) }, responses: { ...ok(model('Note')), ...codes } },
      },
      '/notes/{id}': {
        get: { operationId: 'getNote', security: USER, parameters: [idParameter], responses: { ...ok(model('Note')), ...codes } },
      },
    },
    { Note: note },
    { servers: SERVERS },
  )
}

/** What operations of the large contracts have in common. */
function larger() {
  const answers = { ...ok(model('Note')), ...failures(SHARED, { 410: ['client.too_old'], 404: ['note.not_found'] }) }
  answers[409] = {
    description: '`note.locked`: Somebody else writes.',
    content: {
      'application/problem+json': {
        schema: {
          allOf: [
            model('Problem'),
            {
              type: 'object',
              required: ['code', 'details'],
              properties: { code: { const: 'note.locked' }, details: { type: 'object', required: ['by'], properties: { by: { type: 'string' } } } },
            },
          ],
        },
      },
    },
  }
  const bytes = { type: 'string', format: 'binary' }
  const operation = (operationId, more = {}) => ({ operationId, security: USER, responses: answers, ...more })
  const body = (media, schema) => ({ requestBody: { required: true, content: { [media]: { schema } } } })
  const note = {
    type: 'object',
    required: ['id', 'text'],
    properties: { id: { type: 'string' }, text: { type: 'string' }, at: { type: 'string', format: 'date-time' } },
  }
  const logout = { post: operation('logout', { responses: { 204: { description: 'Done' }, ...failures(SHARED) } }) }
  return { answers, bytes, operation, body, note, logout }
}

/** Lets users subscribe to messages: the operation, and what the document says beside the paths. */
function subscribe(paths) {
  const { operation } = larger()
  const report = { name: 'report', in: 'path', required: true, schema: { type: 'string' } }
  paths['/auth/subscriptions/{report}'] = { put: operation('reportSubscription', { parameters: [report] }) }
  return { 'x-queqiao-subscribe': { report: 'reportSubscription', templates: { noted: 'A note has come.' } } }
}

/** Lets the file of an operation go to a bucket. */
function goPastTheServer(paths, attach) {
  const { operation, body } = larger()
  const begin = { type: 'object', required: ['operation'], properties: { operation: { type: 'string' } } }
  paths['/uploads'] = { post: operation('beginUpload', body('application/json', begin)) }
  attach['x-queqiao-idempotent'] = true
  attach.requestBody['x-queqiao-direct'] = { begin: 'beginUpload', upload: 'upload' }
  attach.requestBody.content['application/json'] = { schema: { type: 'object', required: ['upload'], properties: { upload: { type: 'string' }, caption: { type: 'string' } } } }
}

/** All that a queqiao server's contract can use, with or without uploads that go past the server and messages. */
export function server({ direct = false, messages = false }) {
  const { answers, bytes, operation, body, note, logout } = larger()
  const file = { type: 'object', required: ['file'], properties: { file: bytes, caption: { type: 'string' } } }
  const attach = operation('attach', body('multipart/form-data', file))
  const paths = {
    '/notes': {
      get: operation('listNotes', { parameters: [{ name: 'since', in: 'query', schema: { type: 'string', format: 'date-time' } }], responses: { ...answers, 304: { description: 'Nothing new' } } }),
      post: operation('addNote', { 'x-queqiao-idempotent': true, ...body('application/json', model('Note')) }),
    },
    '/notes/{id}': {
      get: operation('exportNote', { parameters: [idParameter], responses: { ...answers, 200: { description: 'OK', content: { 'application/octet-stream': { schema: bytes } } } } }),
    },
    '/notes/file': { post: attach },
    '/public': { get: { operationId: 'everybody', responses: answers } },
    '/visitors': { get: operation('visitors', { security: [{ login: [] }, {}] }) },
    '/auth/logout': logout,
  }
  if (direct) goPastTheServer(paths, attach)
  const more = messages ? subscribe(paths) : {}
  const whole = document('server', paths, { Note: note }, { servers: SERVERS, ...more })
  whole.components.securitySchemes.login['x-queqiao-login'].logout = 'logout'
  return whole
}

/** Every part of the runtime at once, with or without uploads past the server and messages, as only a document of several makers' could have them. */
export function everything({ beyond }) {
  const { answers, bytes, operation, body, note, logout } = larger()
  const filter = (name, style, explode, schema) => ({ name, in: 'query', style, explode, schema })
  const paths = {
    '/notes': {
      get: operation('listNotes', {
        parameters: [
          filter('tags', 'pipeDelimited', false, { type: 'array', items: { type: 'string' } }),
          filter('where', 'deepObject', true, { type: 'object', properties: { text: { type: 'string' } } }),
          filter('range', 'form', true, { type: 'object', properties: { from: { type: 'string', format: 'date-time' } } }),
        ],
      }),
      post: operation('addNote', { 'x-queqiao-idempotent': true, ...body('application/json', model('Note')) }),
    },
    '/notes/{id}': {
      patch: operation('patchNote', { parameters: [idParameter], ...body('application/json', model('Note')) }),
      get: operation('exportNote', { parameters: [idParameter], responses: { ...answers, 200: { description: 'OK', content: { 'application/octet-stream': { schema: bytes } } } } }),
    },
    '/notes/import': { post: operation('importNotes', body('application/octet-stream', bytes)) },
    '/notes/form': { post: operation('addByForm', body('application/x-www-form-urlencoded', model('Note'))) },
    '/notes/file': {
      post: operation('attach', body('multipart/form-data', { type: 'object', required: ['file'], properties: { file: bytes, caption: { type: 'string' } } })),
    },
    '/notes/parts': { post: operation('addByParts', body('multipart/form-data', { type: 'object', properties: { file: bytes, caption: { type: 'string' } } })) },
    '/public': { get: { operationId: 'everybody', responses: answers } },
    '/visitors': { get: operation('visitors', { security: [{ login: [] }, {}], responses: { ...answers, 304: { description: 'Nothing new' } } }) },
    '/partner': { get: operation('partner', { security: [{ basic: [] }], servers: [{ url: 'https://partner.example.com' }] }) },
    '/key': { get: operation('byKey', { security: [{ key: [] }] }) },
    '/query-key': { get: operation('byQueryKey', { security: [{ queryKey: [] }] }) },
    '/auth/logout': logout,
  }
  if (beyond) goPastTheServer(paths, paths['/notes/file'].post)
  const more = beyond ? subscribe(paths) : {}
  // No queqiao server has PATCH, or schemes of its own.
  const { 'x-queqiao': _, ...whole } = document('everything', paths, { Note: note }, more)
  Object.assign(whole.components.securitySchemes, {
    basic: { type: 'http', scheme: 'basic' },
    key: { type: 'apiKey', in: 'header', name: 'X-Key' },
    queryKey: { type: 'apiKey', in: 'query', name: 'key' },
  })
  whole.components.securitySchemes.login['x-queqiao-login'].logout = 'logout'
  return whole
}

/** All that the document of another framework can use: no login of the client's own, and no update flow. */
export function foreign() {
  const whole = everything({ beyond: false })
  const { components, paths } = whole
  delete paths['/auth/login']
  delete paths['/auth/logout']
  components.securitySchemes.login = { type: 'http', scheme: 'bearer' }
  const add = paths['/notes'].post
  delete add['x-queqiao-idempotent']
  add.parameters = [{ name: 'Idempotency-Key', in: 'header', required: true, schema: { type: 'string' } }]
  for (const path of Object.values(paths)) {
    for (const operation of Object.values(path)) operation.responses = without(operation.responses, '410')
  }
  return whole
}

function without(object, name) {
  const { [name]: _, ...rest } = object
  return rest
}

const KINDS = ['store', 'member', 'guest', 'group', 'daily', 'public', 'shared', 'repeat', 'gift', 'bulk', 'spare', 'local', 'online', 'summer', 'winter', 'staff', 'trial', 'parent']
const THINGS = ['order', 'coupon', 'address', 'invoice', 'product', 'review', 'delivery', 'refund', 'cart', 'ticket', 'message', 'picture']
const capital = (word) => word[0].toUpperCase() + word.slice(1)

/** A shop with this many operations besides the login: five on each kind of thing. */
export function shop(operations) {
  const paths = {}
  const schemas = {}
  let made = 0
  for (const [index, [kind, thing]] of THINGS.flatMap((thing) => KINDS.map((kind) => [kind, thing])).entries()) {
    if (made >= operations) break
    const name = capital(kind) + capital(thing)
    const folder = `/${kind}-${thing}s`
    const missing = { 404: [`${kind}_${thing}.not_found`] }
    const one = { parameters: [idParameter], security: USER, tags: [`${kind} ${thing}s`] }
    const all = { security: USER, tags: [`${kind} ${thing}s`] }
    const given = { requestBody: { required: true, ...json(model(`New${name}`)) } }
    // Most things can fail in a way of their own; every fourth in two.
    const own = index % 4 === 0 ? { 409: [`${kind}_${thing}.taken`, `${kind}_${thing}.closed`] } : index % 2 === 0 ? { 409: [`${kind}_${thing}.taken`] } : {}
    const six = [
      [folder, 'get', {
        operationId: `list${name}s`,
        summary: `List ${kind} ${thing}s, newest first.`,
        ...all,
        parameters: [
          { name: 'cursor', in: 'query', description: '`next` of the page before.', schema: { type: 'string' } },
          { name: 'limit', in: 'query', schema: { type: 'integer', minimum: 1, maximum: 50 } },
          { name: 'state', in: 'query', schema: { type: 'string', enum: ['open', 'paid', 'done'] } },
        ],
        responses: { ...ok(model(`${name}Page`)), ...failures(SHARED) },
      }],
      [folder, 'post', { operationId: `add${name}`, summary: `Add a ${kind} ${thing}.`, ...all, ...given, responses: { ...ok(model(name)), ...failures(SHARED, own) } }],
      [`${folder}/{id}`, 'get', { operationId: `get${name}`, summary: `Show one ${kind} ${thing}.`, ...one, responses: { ...ok(model(name)), ...failures(SHARED, missing) } }],
      [`${folder}/{id}`, 'put', { operationId: `edit${name}`, summary: `Change a ${kind} ${thing}.`, ...one, ...given, responses: { ...ok(model(name)), ...failures(SHARED, missing) } }],
      [`${folder}/{id}`, 'delete', { operationId: `delete${name}`, summary: `Delete a ${kind} ${thing}.`, ...one, responses: { 204: { description: 'Done' }, ...failures(SHARED, missing) } }],
    ]
    for (const [path, method, operation] of six) {
      if (made >= operations) break
      made += 1
      paths[path] = { ...paths[path], [method]: operation }
    }
    const fields = {
      title: { type: 'string', minLength: 1, maxLength: 100, description: 'What people read.' },
      note: { type: ['string', 'null'], maxLength: 1000 },
      count: { type: 'integer', minimum: 0, maximum: 4294967295 },
      price: { type: 'string', format: 'decimal', pattern: '^[0-9]+(\\.[0-9]{1,2})?$', description: 'In yuan. 元。' },
      state: { type: 'string', enum: ['open', 'paid', 'done'] },
      tags: { type: 'array', items: { type: 'string' }, maxItems: 20 },
    }
    schemas[`New${name}`] = { description: `What a user writes to add or change a ${kind} ${thing}.`, type: 'object', required: ['title', 'count', 'price'], properties: fields }
    schemas[name] = {
      description: `A ${kind} ${thing}.`,
      type: 'object',
      required: ['id', 'createdAt', ...Object.keys(fields)],
      properties: { id: { type: 'string', format: 'uuid' }, createdAt: { type: 'string', format: 'date-time' }, ...fields },
    }
    schemas[`${name}Page`] = {
      type: 'object',
      required: ['items', 'next'],
      properties: { items: { type: 'array', items: model(name) }, next: { type: ['string', 'null'], description: 'The cursor of the next page.' } },
    }
  }
  if (made < operations) throw new Error(`there are words for ${made} operations only`)
  return document('shop', paths, schemas)
}
