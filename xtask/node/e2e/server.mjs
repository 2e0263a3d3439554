// Starts the server under test on free ports with a folder of its own, and waits until it is ready.
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import fs from 'node:fs'
import net from 'node:net'
import os from 'node:os'
import path from 'node:path'

const START_LIMIT_MS = 30_000

/**
 * @param {string} command run without a shell, in a temporary folder
 * @param {string[]} variables NAME=VALUE; `{data}` stands for the temporary folder
 */
export async function createServer(command, variables = []) {
  const data = fs.mkdtempSync(path.join(os.tmpdir(), 'queqiao-e2e-'))
  const [port, emulatorPort] = await freePorts(2)
  const environment = Object.fromEntries(
    variables.map((variable) => {
      const [name, ...value] = variable.split('=')
      return [name, value.join('=').replaceAll('{data}', data)]
    }),
  )
  const [program, ...args] = command.split(' ').map((word) => (fs.existsSync(word) ? path.resolve(word) : word))
  let child = null
  let log = ''

  return {
    url: `http://127.0.0.1:${port}`,
    emulator: `http://127.0.0.1:${emulatorPort}`,
    log: () => log,

    async start() {
      child = spawn(program, args, {
        cwd: data,
        env: { ...outsideCargo(), PORT: String(port), EMULATOR_PORT: String(emulatorPort), ...environment },
        stdio: ['ignore', 'pipe', 'pipe'],
      })
      child.stdout.on('data', (text) => { log += text })
      child.stderr.on('data', (text) => { log += text })
      child.on('error', (error) => { log += `${error.message}\n` })
      await this.waitUntilReady()
    },

    async waitUntilReady() {
      for (const end = Date.now() + START_LIMIT_MS; Date.now() < end; await pause(50)) {
        if (hasEnded(child)) break
        const ready = await fetch(`${this.url}/readyz`).then((answer) => answer.ok, () => false)
        if (ready) return
      }
      throw new Error(`"${command}" did not answer ${this.url}/readyz with 200. What it printed:\n${log}`)
    },

    async stop() {
      if (!child || hasEnded(child)) return
      const ended = once(child, 'exit')
      child.kill('SIGTERM')
      const timer = setTimeout(() => child.kill('SIGKILL'), 10_000)
      await ended
      clearTimeout(timer)
    },

    /** Moves the clock that the server and the emulator share. */
    async advanceClock(seconds) {
      const answer = await fetch(`${this.emulator}/emulator/clock`, {
        method: 'POST',
        headers: { 'content-type': 'application/json' },
        body: JSON.stringify({ advance: seconds }),
      })
      if (!answer.ok) throw new Error(`POST /emulator/clock answered ${answer.status}: ${await answer.text()}`)
    },

    removeData() {
      fs.rmSync(data, { recursive: true, force: true })
    },
  }
}

// Below `cargo run` the server would find the configuration, and with it the data folder, of another package.
function outsideCargo() {
  return Object.fromEntries(Object.entries(process.env).filter(([name]) => !/^(QUEQIAO|CARGO_)/.test(name)))
}

function hasEnded(child) {
  return child.exitCode !== null || child.signalCode !== null
}

async function freePorts(count) {
  const listeners = await Promise.all(
    Array.from({ length: count }, async () => {
      const listener = net.createServer().listen(0, '127.0.0.1')
      await once(listener, 'listening')
      return listener
    }),
  )
  const ports = listeners.map((listener) => listener.address().port)
  await Promise.all(listeners.map((listener) => new Promise((closed) => listener.close(closed))))
  return ports
}

function pause(milliseconds) {
  return new Promise((resume) => setTimeout(resume, milliseconds))
}
