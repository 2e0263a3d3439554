// `prism proxy --errors` between clients and servers: what either says against the document, Prism answers itself.
//
//     client -> front -> Prism -> back -> server
//
// The front tells Prism's own answers from the server's and counts both. Tests start servers as they need them, so the
// port of the one that is meant stands before the path (`/34567/todos`); the front hands it on in a header, and the back
// reads it there.
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import http from 'node:http'
import net from 'node:net'
import path from 'node:path'
import { fileURLToPath } from 'node:url'
import { operations } from './document.mjs'

const PRISM = path.join(path.dirname(fileURLToPath(import.meta.url)), '../node_modules/.bin/prism')
const START_LIMIT_MS = 60_000
/** How Prism's own answers are told from a server's. */
const OWN = 'https://stoplight.io/prism/errors#'
const PORT = 'x-prism-test-port'
const EXCHANGE = 'x-prism-test-exchange'

/**
 * @typedef {{ operation: string, location: string, code: string }} Wrong what Prism finds wrong with a request
 * @param {string} file an OpenAPI document
 * @param {object} document the same, read
 * @param {Wrong[]} deliberate requests that a client's test sends wrong on purpose: they go to the server all the same
 */
export async function startPrism(file, document, deliberate = []) {
  const all = operations(document)
  /** @type {Map<string, number>} */
  const exchanges = new Map(all.map(({ name }) => [name, 0]))
  const violations = []
  const caught = new Map(deliberate.map((wrong) => [told(wrong), 0]))
  // Exchanges whose server could not be reached.
  const lost = new Set()
  let number = 0

  const back = await listen((request, response) => {
    const { [PORT]: port, [EXCHANGE]: exchange, ...headers } = request.headers
    forward({ port, method: request.method, path: request.url, headers: { ...headers, host: `127.0.0.1:${port}` } }, request, response, () => {
      lost.add(exchange)
      response.destroy()
    })
  })
  const port = await freePort()
  const prism = spawn(PRISM, ['proxy', path.resolve(file), `http://127.0.0.1:${back.address().port}`, '--errors', '--port', String(port)], {
    stdio: ['ignore', 'pipe', 'pipe'],
    env: { ...process.env, NO_COLOR: '1' },
  })
  let log = ''
  for (const stream of [prism.stdout, prism.stderr]) stream.on('data', (text) => { log += text })
  for (const end = Date.now() + START_LIMIT_MS; !log.includes('Prism is listening'); await new Promise((resume) => setTimeout(resume, 50))) {
    if (Date.now() > end || prism.exitCode !== null) throw new Error(`Prism does not start:\n${log}`)
  }

  const front = await listen(async (request, response) => {
    const [, server, rest] = /^\/(\d+)(\/.*)$/.exec(request.url) ?? []
    if (!server) {
      response.writeHead(404).end(`no port before the path: ${request.url}`)
      return
    }
    const body = await read(request)
    const operation = all.find((one) => one.matches(request.method, rest.split('?')[0]))?.name ?? `${request.method} ${rest.split('?')[0]}`
    const exchange = String((number += 1))
    const headers = { ...request.headers, [PORT]: server, [EXCHANGE]: exchange }
    let answer
    try {
      answer = await call({ port, method: request.method, path: rest, headers }, body)
    } catch {
      response.destroy()
      return
    }
    if (lost.delete(exchange)) {
      // There is no server, as the client's test wants it: Prism says so with a 500, where a phone finds no network.
      response.destroy()
      return
    }
    const problem = own(answer) ?? warning(answer)
    const wrongs = problem ? wrongsOf(operation, problem) : []
    if (problem && wrongs.length > 0 && wrongs.every((wrong) => caught.has(told(wrong)))) {
      for (const wrong of wrongs) caught.set(told(wrong), caught.get(told(wrong)) + 1)
      answer = await call({ port: server, method: request.method, path: rest, headers: request.headers }, body)
    } else if (problem) {
      violations.push({ operation, problem })
    } else {
      exchanges.set(operation, (exchanges.get(operation) ?? 0) + 1)
    }
    const { 'transfer-encoding': _, connection: __, 'keep-alive': ___, ...kept } = answer.headers
    response.writeHead(answer.status, kept).end(answer.body)
  })

  return {
    /** Where a client finds the server that listens on a port: `url + '/' + port`. */
    url: `http://127.0.0.1:${front.address().port}`,
    exchanges,
    violations,
    /** How often each wrong request that is sent on purpose was caught. */
    caught,
    async end() {
      prism.kill('SIGKILL')
      for (const server of [front, back]) {
        server.close()
        server.closeAllConnections()
      }
    },
  }
}

function told({ operation, location, code }) {
  return `${operation}: ${location} ${code}`
}

/** Prism's problem, if it answered in the server's place. */
function own({ headers, body }) {
  if (!String(headers['content-type']).includes('json')) return null
  try {
    const problem = JSON.parse(body)
    return String(problem?.type).startsWith(OWN) ? problem : null
  } catch {
    return null
  }
}

/** What Prism lets through with a header, `--errors` or not: a failure whose status the document does not have. */
function warning({ headers }) {
  const found = headers['sl-violations']
  return found ? { type: 'sl-violations', validation: JSON.parse(found) } : null
}

/** What a problem says of the request; none for one about the answer. */
function wrongsOf(operation, { type, validation = [] }) {
  if (type !== `${OWN}UNPROCESSABLE_ENTITY`) return []
  return validation.map(({ location, code }) => ({ operation, location: location.join('.'), code }))
}

async function listen(handler) {
  const server = http.createServer(handler).listen(0, '127.0.0.1')
  await once(server, 'listening')
  return server
}

async function freePort() {
  const listener = net.createServer().listen(0, '127.0.0.1')
  await once(listener, 'listening')
  const { port } = listener.address()
  await new Promise((closed) => listener.close(closed))
  return port
}

function forward(options, request, response, onLost) {
  const onward = http.request({ host: '127.0.0.1', agent: false, ...options }, (answer) => {
    response.writeHead(answer.statusCode, answer.headers)
    answer.pipe(response)
  })
  onward.on('error', onLost)
  request.pipe(onward)
}

async function call(options, body) {
  const { 'transfer-encoding': _, connection: __, ...headers } = options.headers
  const request = http.request({ host: '127.0.0.1', agent: false, ...options, headers })
  request.end(body)
  const [answer] = await once(request, 'response')
  return { status: answer.statusCode, headers: answer.headers, body: await read(answer) }
}

async function read(stream) {
  const chunks = []
  for await (const chunk of stream) chunks.push(chunk)
  return Buffer.concat(chunks)
}
