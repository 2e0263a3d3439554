// refused with: TS2322
const api = require('todo-client')

module.exports = api.listTodos({ limit: '3' })
