// usage: node time.mjs <document> <folder> <runs>: the median time that orval generates a client in, loading aside.
// Of time on the clock and processor time the shorter one: other programs may have had the machine.
import fs from 'node:fs'
import path from 'node:path'
import { generate } from 'orval'

const [document, folder, runs] = process.argv.slice(2)
const { version } = JSON.parse(fs.readFileSync(new URL('node_modules/orval/package.json', import.meta.url), 'utf8'))
const times = []
for (let run = 0; run < Number(runs); run += 1) {
  fs.rmSync(folder, { recursive: true, force: true })
  const [started, before] = [performance.now(), process.cpuUsage()]
  await generate({ input: { target: document }, output: { target: path.join(folder, 'client.ts'), client: 'axios' } })
  const { user, system } = process.cpuUsage(before)
  times.push(Math.min(performance.now() - started, (user + system) / 1000))
}
const { size } = fs.statSync(path.join(folder, 'client.ts'))
console.log(JSON.stringify({ version, milliseconds: times.sort((a, b) => a - b)[times.length >> 1], bytes: size }))
