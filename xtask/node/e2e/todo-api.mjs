// The same WeChat user on another device: plain calls to the server, without the generated client.

export function createTodoApi(server, user) {
  let token = null

  async function call(method, path, body) {
    token ??= await login()
    return send(method, path, body, { authorization: `Bearer ${token}` })
  }

  async function login() {
    const { code } = await send('POST', '/emulator/login-codes', { user }, {}, server.emulator)
    return (await send('POST', '/auth/login', { code })).token
  }

  async function send(method, path, body, headers = {}, base = server.url) {
    const answer = await fetch(base + path, {
      method,
      headers: { 'content-type': 'application/json', ...headers },
      body: body && JSON.stringify(body),
    })
    const text = await answer.text()
    if (!answer.ok) throw new Error(`${method} ${path} answered ${answer.status}: ${text}`)
    return text ? JSON.parse(text) : undefined
  }

  return {
    addTodo: (title) => call('POST', '/todos', { title }),
    listTodos: () => call('GET', '/todos'),
    finishTodo: (id) => call('PUT', `/todos/${id}/done`),
    deleteTodo: (id) => call('DELETE', `/todos/${id}`),
  }
}
