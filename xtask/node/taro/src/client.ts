// The generated client gets Taro in place of `wx`, and the server's address from what the app was launched with.
import Taro from '@tarojs/taro'
import { configure } from 'todo-client'

configure({
  baseUrl: Taro.getLaunchOptionsSync().query.api,
  host: Taro,
  loginCode: () => Taro.login(),
})
