export async function titles(): Promise<string[]> {
  const { listTodos } = await import('todo-client/todos')
  const page = await listTodos()
  return page.items.map((todo) => todo.title)
}
