import async_hooks, { type AsyncHook, type HookCallbacks } from 'node:async_hooks'
import { syncBuiltinESMExports } from 'node:module'

// tap follows every promise of the process, to tell which test an error escaped from: a seventh of the time of all tests. An
// error that escapes ends the process instead, with its stack, and the suite has failed.
const idle: AsyncHook = {
  enable: () => idle,
  disable: () => idle,
}
const { createHook } = async_hooks
async_hooks.createHook = (callbacks: HookCallbacks) =>
  Object.keys(callbacks).sort().join() === 'destroy,init' ? idle : createHook(callbacks)
syncBuiltinESMExports()
