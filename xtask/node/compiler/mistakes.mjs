// What the official compiler must refuse, each planted in a copy of a correct mini-program.
import fs from 'node:fs'
import path from 'node:path'

const change = (folder, file, edit) => {
  const place = path.join(folder, file)
  fs.writeFileSync(place, edit(fs.readFileSync(place, 'utf8')))
}
const changeJson = (folder, file, edit) =>
  change(folder, file, (text) => {
    const value = JSON.parse(text)
    edit(value)
    return JSON.stringify(value)
  })

/** @type {Record<string, { plant: (folder: string) => void, code: number }>} */
export const MISTAKES = {
  'a script that is no JavaScript': {
    plant: (folder) => change(folder, 'api/index.js', (text) => `${text}\nvar x = {{;`),
    code: 10045,
  },
  'a page that is not there': {
    plant: (folder) => changeJson(folder, 'app.json', (app) => app.pages.push('pages/nowhere/nowhere')),
    code: 10005,
  },
  'a time-out that is no number': {
    plant: (folder) => changeJson(folder, 'app.json', (app) => { app.networkTimeout = { request: '5000' } }),
    code: 10009,
  },
  'a component that is not there': {
    plant: (folder) =>
      changeJson(folder, 'pages/index/index.json', (page) => { page.usingComponents = { 'todo-item': '/components/nowhere/nowhere' } }),
    code: 10009,
  },
  'a style sheet with an open block': {
    plant: (folder) => change(folder, 'pages/index/index.wxss', () => '.list { color: red;;;{'),
    code: 10037,
  },
}
