import { type ChildProcess, spawn } from 'node:child_process'
import { cpSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { Agent, type IncomingMessage, request } from 'node:http'
import { type AddressInfo, connect, createServer, type Server } from 'node:net'
import path from 'node:path'
import { setTimeout as delay } from 'node:timers/promises'
import { transform } from 'esbuild'
import type { FastifyInstance } from 'fastify'
import type { Test } from 'tap'
import { openDatabase } from '../../src/db/database.js'
import { migrate } from '../../src/db/migrate.js'
import { listen, serve } from '../../src/main.js'
import { createEnterprise } from '../../src/users/enterprise.js'
import { emptyDatabase, emptyFolder, freshDatabase, type StoreSettings, testConfig } from '../helpers/database.js'
import { measured } from '../helpers/measured.js'
import { serveProcess, within } from '../helpers/process.js'
import { thisFile } from '../helpers/this-file.js'

const t = thisFile()

const { store, db } = await freshDatabase(t)
const { api_key } = await createEnterprise(db, 'acme', { username: 'alice', email: '' })
const embedded = (t: Test): StoreSettings => ({ ROSTER_DATA: emptyFolder(t), DATABASE_URL: '' })

const WORKERS = ['--workers', '2']
const portOf = (server: Server): number => (server.address() as AddressInfo).port

async function listener(t: Test): Promise<Server> {
  const server = createServer().listen(0, '127.0.0.1')
  await new Promise((done) => server.once('listening', done))
  t.teardown(() => server.close())
  return server
}

const taken = await listener(t)
const port = String(portOf(taken))

interface Fault {
  readonly env: Record<string, string>
  readonly code: number
  readonly told: RegExp
}

const faults: Readonly<Record<string, Fault>> = {
  'a port in use, with traces': { env: { PORT: port, OTEL_EXPORTER_OTLP_ENDPOINT: 'http://127.0.0.1:1' }, code: 1, told: /can't listen on \S+ \(EADDRINUSE\): .*set PORT/ },
  'a foreign address': { env: { HOST: '203.0.113.7' }, code: 1, told: /can't listen on \S+ \(EADDRNOTAVAIL\): .*set HOST/ },
  'a name without an address': { env: { HOST: 'nowhere.invalid' }, code: 1, told: /can't listen on \S+ \((ENOTFOUND|EAI_AGAIN)\): .*set HOST/ },
  'a port in use for operators': { env: { ROSTER_OPS_PORT: port }, code: 1, told: /can't listen for operations on \S+ \(EADDRINUSE\): set ROSTER_OPS_HOST/ },
  'a bad setting': { env: { ROSTER_SHUTDOWN_MS: 'soon' }, code: 78, told: /ROSTER_SHUTDOWN_MS/ },
}

async function failsAtOnce(t: Test, store: StoreSettings, { env, code, told }: Fault, args: readonly string[] = []): Promise<void> {
  const server = serveProcess(t, store, { ROSTER_OPS_PORT: '0', ...env }, args)
  t.ok(await within(20_000, server.ended))
  t.strictSame(await server.ended, { code, signal: null })
  t.match(server.errors(), told)
  t.strictSame(server.log.filter(({ worker }) => worker !== undefined), [], 'no worker is replaced')
}

for (const [what, fault] of Object.entries(faults)) {
  t.test(`${what} ends a start at once`, async (t) => {
    await failsAtOnce(t, store, fault)
    await failsAtOnce(t, embedded(t), fault)
    await failsAtOnce(t, store, fault, WORKERS)
  })
}

t.test('a database that is away or has no tables ends a start at once', async (t) => {
  for (const args of [[], WORKERS]) {
    await failsAtOnce(t, { DATABASE_URL: 'postgres://nobody@127.0.0.1:1/nowhere' }, { env: {}, code: 69, told: /can't be reached/ }, args)
    await failsAtOnce(t, { DATABASE_URL: await emptyDatabase(t) }, { env: {}, code: 1, told: /roster migrate/ }, args)
  }
})

t.test('a start that failed leaves its store free and the listener of operators closed', async (t) => {
  const where = embedded(t)
  const opsTaken = testConfig(where, { ROSTER_OPS_PORT: port })
  await t.rejects(serve(opsTaken, () => undefined), { message: /can't listen for operations on/ })

  const free = await listener(t)
  const opsPort = portOf(free)
  await new Promise((done) => free.close(done))
  const taken = testConfig(where, { PORT: port, ROSTER_OPS_PORT: String(opsPort) })
  await t.rejects(serve(taken, () => undefined), { message: /can't listen on 127\.0\.0\.1:.* \(EADDRINUSE\)/ })
  await t.rejects(fetch(`http://127.0.0.1:${String(opsPort)}/livez`))
  const again = openDatabase(taken)
  await migrate(again)
  await again.destroy()
})

t.test('an address that can not be listened on is told with what to do', async (t) => {
  const refusing = (code: string) => ({ listen: () => Promise.reject(Object.assign(new Error(code), { code })) }) as unknown as FastifyInstance
  const config = testConfig({ ROSTER_DATA: 'unused' }, { HOST: '127.0.0.1', PORT: '443' })
  await t.rejects(listen(refusing('EACCES'), config), {
    message: "can't listen on 127.0.0.1:443 (EACCES): this user may not listen on this port: set PORT to one from 1024",
  })
  await t.rejects(listen(refusing('EAFNOSUPPORT'), config), { message: "can't listen on 127.0.0.1:443 (EAFNOSUPPORT): set HOST and PORT" })
})

/** A database that takes connections and never answers. Also when it got the first one. */
async function silent(t: Test): Promise<{ store: StoreSettings; asked: Promise<unknown> }> {
  const server = await listener(t)
  const asked = new Promise((done) => server.once('connection', done))
  return { store: { DATABASE_URL: `postgres://postgres@127.0.0.1:${String(portOf(server))}/nowhere` }, asked }
}

for (const args of [[], WORKERS]) {
  t.test(`a signal during the start ends it: serve ${args.join(' ')}`, async (t) => {
    for (const signal of ['SIGTERM', 'SIGINT', 'SIGHUP'] as const) {
      const { store, asked } = await silent(t)
      const server = serveProcess(t, store, {}, args)
      await asked
      server.child.kill(signal)
      t.ok(await within(2000, server.ended))
      t.strictSame(await server.ended, { code: 0, signal: null })
    }
  })
}

/** Asks on one connection again and again, as long as answers do not end it. */
async function rawClient(origin: URL, key: string, { signal }: AbortController): Promise<number> {
  let resets = 0
  let isUsed = false
  const open = () => connect(Number(origin.port), origin.hostname).on('error', () => undefined)
  let socket = open()
  while (!signal.aborted) {
    const answer = await new Promise<string | undefined>((done) => {
      let text = ''
      const lost = (): void => done(undefined)
      if (socket.closed) lost()
      socket.removeAllListeners().on('error', lost).on('close', lost).on('data', (chunk: Buffer) => {
        text += chunk.toString()
        if (text.endsWith('}')) done(text)
      })
      socket.write(`GET /api/user_info/ HTTP/1.1\r\nHost: roster\r\nAuthorization: ${key}\r\n\r\n`)
    })
    if (answer === undefined && isUsed) resets++
    isUsed = answer !== undefined && !/^connection: close/im.test(answer)
    if (!isUsed) {
      socket.removeAllListeners().on('error', () => undefined).destroy()
      socket = open()
    }
    await delay(1)
  }
  socket.removeAllListeners().on('error', () => undefined).destroy()
  return resets
}

async function agentClient(origin: URL, key: string, agent: Agent, { signal }: AbortController): Promise<number> {
  let resets = 0
  while (!signal.aborted) {
    await new Promise<void>((done) => {
      const sent = request(new URL('/api/user_info/', origin), { agent, headers: { authorization: key } }, (answer: IncomingMessage) => {
        answer.resume().once('close', done)
      })
      sent.once('error', () => {
        if (sent.reusedSocket) resets++
        done()
      })
      sent.end()
    })
    await delay(1)
  }
  return resets
}

const loads: readonly (readonly [string, (t: Test) => StoreSettings, readonly string[]])[] = [
  ['one process', () => store, []],
  ['two workers', () => store, WORKERS],
  ['the embedded engine', embedded, []],
]

for (const [what, storeOf, args] of loads) {
  t.test(`no connection that is used again is reset by a stop under load: ${what}`, async (t) => {
    for (let stop = 0; stop < 3; stop++) {
      const server = serveProcess(t, storeOf(t), { ROSTER_OPS_PORT: '0' }, args)
      const origin = new URL(await server.listening)
      while (!server.errors().includes(storeOf === embedded ? 'rst_' : 'directory')) await delay(10)
      const key = /rst_\w+/.exec(server.errors())?.[0] ?? api_key
      const agent = new Agent({ keepAlive: true, maxSockets: 16 })
      const ended = new AbortController()
      const clients = Array.from({ length: 32 }, (_, n) => (n % 2 === 0 ? rawClient(origin, key, ended) : agentClient(origin, key, agent, ended)))
      await delay(300)
      server.child.kill('SIGTERM')
      t.strictSame(await server.ended, { code: 0, signal: null })
      ended.abort()
      t.strictSame(await Promise.all(clients), clients.map(() => 0))
      agent.destroy()
      t.ok(server.log.filter(({ msg }) => msg === 'answered').length > 32)
    }
  })
}

/** How a process ends, with what it told. */
function endOf(child: ChildProcess): Promise<{ code: number | null; told: string }> {
  let told = ''
  child.stderr?.on('data', (chunk: Buffer) => (told += chunk.toString()))
  return new Promise((done) => child.once('close', (code) => done({ code, told })))
}

const CLI = 'dist/src/cli.js'

t.test('a signal ends a command as the shell expects, and a server under nohup as every other signal', async (t) => {
  const { store, asked } = await silent(t)
  const migrating = spawn(process.execPath, [CLI, 'migrate'], { env: { ...process.env, ...measured, ...store } })
  await asked
  migrating.kill('SIGTERM')
  t.strictSame(await endOf(migrating), { code: 143, told: '' })

  const env = { ...process.env, ...embedded(t), PORT: '0', ROSTER_OPS_PORT: '' }
  const serving = spawn('nohup', [process.execPath, CLI, 'serve'], { env, stdio: ['ignore', 'pipe', 'pipe'] })
  const end = endOf(serving)
  await new Promise((done) => serving.stderr.on('data', (chunk: Buffer) => chunk.includes('/docs') && done(undefined)))
  serving.kill('SIGHUP')
  t.match(await end, { code: 0 })
})

t.test('signals are heard before anything of the server is loaded', async (t) => {
  const folder = emptyFolder(t)
  mkdirSync(path.join(folder, 'commands'))
  mkdirSync(path.join(folder, 'http'))
  writeFileSync(path.join(folder, 'package.json'), '{ "type": "module" }')
  cpSync(CLI, path.join(folder, 'cli.js'))
  writeFileSync(path.join(folder, 'config.js'), '')
  writeFileSync(path.join(folder, 'http/lines.js'), '')
  writeFileSync(path.join(folder, 'commands/run.js'), `console.log('loading'); await new Promise((done) => setTimeout(done, 60_000))`)
  for (const [command, signal, code] of [
    ['serve', 'SIGTERM', 0],
    ['serve', 'SIGINT', 0],
    ['serve', 'SIGHUP', 0],
    ['verify', 'SIGTERM', 143],
    ['verify', 'SIGINT', 130],
    ['verify', 'SIGHUP', 129],
  ] as const) {
    const child = spawn(process.execPath, [path.join(folder, 'cli.js'), command])
    await new Promise((done) => child.stdout.once('data', done))
    child.kill(signal)
    t.strictSame(await endOf(child), { code, told: '' })
  }
})

/** Runs the command as another release of Node would. */
function runAs(version: string): Promise<{ code: number | null; told: string }> {
  const other = `Object.defineProperty(process, 'versions', { value: { ...process.versions, node: '${version}' } })`
  return endOf(spawn(process.execPath, ['--import', `data:text/javascript,${other}`, CLI, '--version'], { env: { ...process.env, ...measured } }))
}

t.test('an older release of Node is told at the first step', async (t) => {
  for (const version of ['18.20.4', '20.18.3']) {
    const message = `roster: Node ${version} is too old: install Node 20.19 or newer\n`
    t.strictSame(await runAs(version), { code: 1, told: message })
  }
  t.strictSame(await runAs('20.19.0'), { code: 0, told: '' })
})

t.test('an older release of Node can read the first file, which imports nothing before the check', async (t) => {
  const text = readFileSync(CLI, 'utf8')
  const readAs = async (target: string): Promise<string> => (await transform(text, { target, format: 'esm' })).code
  t.equal(await readAs('node12.22'), await readAs('esnext'), 'no syntax that is newer')
  t.notMatch(text, /^(import|export)\b(?!\()/m)
})
