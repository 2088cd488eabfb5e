import { Agent, type IncomingMessage, request } from 'node:http'
import { createServer, type AddressInfo } from 'node:net'
import { spawn } from 'node:child_process'
import { setTimeout as delay } from 'node:timers/promises'
import { createEnterprise } from '../../src/users/enterprise.js'
import { emptyFolder, freshDatabase } from '../helpers/database.js'
import { serveProcess, within } from '../helpers/process.js'
import { thisFile } from '../helpers/this-file.js'

const t = thisFile()

const { store, db } = await freshDatabase(t)
const { api_key } = await createEnterprise(db, 'acme', { username: 'alice', email: '' })

const taken = createServer().listen(0, '127.0.0.1')
await new Promise((done) => taken.once('listening', done))
t.teardown(() => taken.close())
const port = String((taken.address() as AddressInfo).port)

const faults: readonly (readonly [string, Record<string, string>, RegExp])[] = [
  ['a port in use', { PORT: port }, /can't listen on \S+ \(EADDRINUSE\): .*set PORT/],
  ['a foreign address', { HOST: '203.0.113.7' }, /can't listen on \S+ \(EADDRNOTAVAIL\): .*set HOST/],
  ['a name without an address', { HOST: 'nowhere.invalid' }, /can't listen on \S+ \((ENOTFOUND|EAI_AGAIN)\): .*set HOST/],
  ['a port in use for operators', { ROSTER_OPS_PORT: port }, /can't listen for operations on \S+ \(EADDRINUSE\): set ROSTER_OPS_HOST and ROSTER_OPS_PORT/],
]

for (const [what, env, told] of faults) {
  t.test(`${what} ends the process at once, with everything closed`, async (t) => {
    for (const where of [store, { ROSTER_DATA: emptyFolder(t), DATABASE_URL: '' }]) {
      const server = serveProcess(t, where, { ROSTER_OPS_PORT: '0', ...env })
      t.strictSame(await server.ended, { code: 1, signal: null })
      t.match(server.errors(), told)
    }
  })
}

for (const args of [[], ['--workers', '2']]) {
  t.test(`a signal during the start ends it: serve ${args.join(' ')}`, async (t) => {
    const silent = createServer().listen(0, '127.0.0.1')
    t.teardown(() => silent.close())
    await new Promise((done) => silent.once('listening', done))
    const asked = new Promise((done) => silent.once('connection', done))
    const { port } = silent.address() as AddressInfo
    const server = serveProcess(t, { DATABASE_URL: `postgres://postgres@127.0.0.1:${String(port)}/nowhere` }, {}, args)
    await asked
    server.child.kill('SIGTERM')
    t.ok(await within(1000, server.ended))
    t.strictSame(await server.ended, { code: 0, signal: null })
  })

  t.test(`no connection that is used again is reset by a stop under load: serve ${args.join(' ')}`, async (t) => {
    const server = serveProcess(t, store, { ROSTER_OPS_PORT: '0', LOG_LEVEL: 'info' }, args)
    const origin = await server.listening
    const agent = new Agent({ keepAlive: true, maxSockets: 32 })
    let resets = 0
    let ended = false
    const ask = (): Promise<void> =>
      new Promise((done) => {
        const sent = request(`${origin}/api/user_info/`, { agent, headers: { authorization: api_key } }, (answer: IncomingMessage) => {
          answer.resume().once('close', done)
        })
        sent.once('error', () => {
          if (sent.reusedSocket) resets++
          done()
        })
        sent.end()
      })
    const clients = Array.from({ length: 32 }, async () => {
      while (!ended) {
        await ask()
        await delay(1)
      }
    })
    await delay(300)
    server.child.kill('SIGTERM')
    t.strictSame(await server.ended, { code: 0, signal: null })
    ended = true
    await Promise.all(clients)
    agent.destroy()
    t.equal(resets, 0)
  })
}

/** Runs the command as another release of Node would. */
function runAs(version: string): Promise<{ code: number | null; told: string }> {
  const other = `Object.defineProperty(process, 'versions', { value: { ...process.versions, node: '${version}' } })`
  const child = spawn(process.execPath, ['--import', `data:text/javascript,${other}`, 'dist/src/cli.js', '--version'])
  let told = ''
  child.stderr.on('data', (chunk: Buffer) => (told += chunk.toString()))
  return new Promise((done) => child.once('close', (code) => done({ code, told })))
}

t.test('an older release of Node is told at the first step', async (t) => {
  for (const version of ['18.20.4', '20.18.3']) {
    const message = `roster: Node ${version} is too old: install Node 20.19 or newer\n`
    t.strictSame(await runAs(version), { code: 1, told: message })
  }
  t.match(await runAs('20.19.0'), { code: 0, told: '' })
})
