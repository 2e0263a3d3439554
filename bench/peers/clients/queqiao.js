import * as api from 'generated-client'

export const session = 'built in'

const call = (promise) => ({ promise, abort: () => promise.abort() })

export const getItem = (id) => call(api.getItem({ id }))
export const patchItem = (id, body) => call(api.patchItem({ id }, body))
export const getOrder = (id) => call(api.getOrder({ id }))
