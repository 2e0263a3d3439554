import { Button, Input, Text, View } from '@tarojs/components'
import Taro, { useDidShow } from '@tarojs/taro'
import { useState } from 'react'
import { ApiError, addTodo, deleteTodo, finishTodo, listTodos } from 'todo-client'

export default function Todos() {
  const [todos, setTodos] = useState(null)
  const [title, setTitle] = useState('')
  const [failure, setFailure] = useState('')

  const after = async (change) => {
    try {
      await change
      setTodos((await listTodos()).items)
      setFailure('')
    } catch (error) {
      setFailure(error instanceof ApiError ? `${error.kind} ${error.code}` : String(error))
    }
  }
  const add = async () => {
    await after(addTodo({ title }))
    setTitle('')
  }
  const remove = async (id) => {
    const { confirm } = await Taro.showModal({ title: '删除吗？' })
    if (confirm) await after(deleteTodo({ id }))
  }
  useDidShow(() => after())

  return (
    <View>
      <Input value={title} onInput={(event) => setTitle(event.detail.value)} />
      <Button onClick={add}>新建待办</Button>
      {failure && <View>{failure}</View>}
      {todos?.length === 0 && <View>没有要做的事</View>}
      {todos?.map(({ id, title, done }) => (
        <View key={id} className='item'>
          <Button onClick={() => after(finishTodo({ id }))}>{done ? '✓' : '○'}</Button>
          <Text>{title}</Text>
          <Button onClick={() => remove(id)}>删除</Button>
        </View>
      ))}
    </View>
  )
}
