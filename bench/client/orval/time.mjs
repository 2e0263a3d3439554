// usage: node time.mjs <document> <folder> <runs>: the median time that orval generates a client in, loading aside.
import fs from 'node:fs'
import path from 'node:path'
import { generate } from 'orval'

const [document, folder, runs] = process.argv.slice(2)
const { version } = JSON.parse(fs.readFileSync(new URL('node_modules/orval/package.json', import.meta.url), 'utf8'))
const times = []
for (let run = 0; run < Number(runs); run += 1) {
  fs.rmSync(folder, { recursive: true, force: true })
  const started = performance.now()
  await generate({ input: { target: document }, output: { target: path.join(folder, 'client.ts'), client: 'axios' } })
  times.push(performance.now() - started)
}
const { size } = fs.statSync(path.join(folder, 'client.ts'))
console.log(JSON.stringify({ version, milliseconds: times.sort((a, b) => a - b)[times.length >> 1], bytes: size }))
