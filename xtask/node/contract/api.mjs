// A server of an example with a user who may call every operation.
import fs from 'node:fs'
import os from 'node:os'
import path from 'node:path'
import { createServer } from '../e2e/server.mjs'

/** The WeChat user who has the roles. */
export const USER = 'alice'

/**
 * Starts the server in an empty folder.
 *
 * @param {string} command
 * @param {string[]} roles that `USER` has
 */
export async function startApi(command, roles = []) {
  const settings = fs.mkdtempSync(path.join(os.tmpdir(), 'queqiao-settings-'))
  const file = path.join(settings, 'queqiao.toml')
  fs.writeFileSync(file, '')
  const server = await createServer(command, [`QUEQIAO_CONFIG=${file}`])
  await server.start()
  if (roles.length > 0) {
    // Roles are configured by openid, which WeChat, here the emulator, tells at a login.
    await logIn(server)
    const { recent } = await json(await fetch(`${server.emulator}/emulator/calls`))
    const openid = recent.find((call) => call.user === USER)?.answer.openid
    await server.stop()
    fs.writeFileSync(file, `[auth]\nroles = { ${JSON.stringify(openid)} = ${JSON.stringify(roles)} }\n`)
    await server.start()
  }
  return {
    ...server,
    loginCode: (user = USER) => loginCode(server, user),
    /** A token of a new session. */
    logIn: (user = USER) => logIn(server, user),
    document: async () => json(await fetch(`${server.url}/openapi.json`)),
    async end() {
      await server.stop()
      server.removeData()
      fs.rmSync(settings, { recursive: true, force: true })
    },
  }
}

async function loginCode(server, user) {
  return (await post(`${server.emulator}/emulator/login-codes`, { user })).code
}

async function logIn(server, user = USER) {
  return (await post(`${server.url}/auth/login`, { code: await loginCode(server, user) })).token
}

async function post(url, body) {
  const headers = { 'content-type': 'application/json' }
  return json(await fetch(url, { method: 'POST', headers, body: JSON.stringify(body) }))
}

async function json(answer) {
  const text = await answer.text()
  if (!answer.ok) throw new Error(`${answer.url} answered ${answer.status}: ${text}`)
  return JSON.parse(text)
}
