// @ts-check
App({})
