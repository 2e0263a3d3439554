// Planted mistakes say in their first line what must refuse them: `// refused with: TS2345`.
import fs from 'node:fs'

export function expectedRefusal(file) {
  const [firstLine] = fs.readFileSync(file, 'utf8').split('\n')
  const found = /^\/\/ refused with: (\S+)$/.exec(firstLine)
  if (!found) throw new Error(`${file}: its first line must say "// refused with: <code>"`)
  return found[1]
}
