// refused with: TS2322
const api = require('todo-client/todos')

module.exports = api.listTodos({ limit: '3' })
