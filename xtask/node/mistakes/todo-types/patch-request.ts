// refused with: TS2322
wx.request({ url: 'https://example.com/todos/1', method: 'PATCH' })
export {}
