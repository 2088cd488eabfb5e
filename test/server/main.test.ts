import { Agent, type IncomingMessage, request } from 'node:http'
import { connect, type Socket } from 'node:net'
import { setTimeout as delay } from 'node:timers/promises'
import pg from 'pg'
import { createEnterprise } from '../../src/users/enterprise.js'
import { freshDatabase } from '../helpers/database.js'
import { type Served, serveProcess, within } from '../helpers/process.js'
import { thisFile } from '../helpers/this-file.js'

const t = thisFile()

const { store, db } = await freshDatabase(t)
const { DATABASE_URL: url } = store as { DATABASE_URL: string }
const { api_key, user_id } = await createEnterprise(db, 'acme', { username: 'alice', email: '' })

// So that the connections of the served processes can be told from this file's.
const servedUrl = new URL(url)
servedUrl.searchParams.set('application_name', 'served')
const served = { DATABASE_URL: servedUrl.href }
const admin = new pg.Client({ connectionString: url })
await admin.connect()
t.teardown(async () => {
  await admin.end()
})

// Of its own: in a transaction, as that of a lock, Postgres shows the activity of its first look again and again.
const watcher = new pg.Client({ connectionString: url })
await watcher.connect()
t.teardown(() => watcher.end())

async function count(query: string): Promise<number> {
  const { rows } = await watcher.query<{ n: number }>(`select count(*)::int as n from pg_stat_activity where ${query}`)
  return rows[0]!.n
}
const connections = () => count(`application_name = 'served' and datname = current_database()`)

/** Postgres notices a moment after the process that its connection is gone. */
async function noConnections(): Promise<boolean> {
  for (let look = 0; look < 20 && (await connections()) > 0; look++) await delay(50)
  return (await connections()) === 0
}

/** Waits until a served process waits for a lock. */
async function blocked(): Promise<void> {
  const waiting = () => count(`application_name = 'served' and datname = current_database() and wait_event_type = 'Lock'`)
  while ((await waiting()) === 0) await delay(10)
}

/** Locks alice's row, so that every write of hers waits. Returns what frees it. */
async function lockRow(): Promise<() => Promise<void>> {
  await admin.query('begin')
  await admin.query('select from user_account where id = $1 for update', [user_id])
  return async () => {
    await admin.query('rollback')
  }
}

interface Sent {
  /** The status; undefined when the connection was cut before the answer. */
  readonly status: Promise<number | undefined>
  readonly socket: Promise<Socket>
  /** Sends the rest of the body. */
  readonly finish: () => void
}

const body = (name: string) => JSON.stringify({ first_name: name, username: name, profile: {} })

/** Sends a request, on a connection that is kept alive; `held`: without the last byte of its body. */
function send(origin: string, method: string, path: string, { held = false } = {}): Sent {
  const text = method === 'GET' ? '' : body(`${method.toLowerCase()}-${String(Math.random())}`)
  const sent = request(`${origin}/api${path}`, {
    method,
    agent: new Agent({ keepAlive: true }),
    headers: { authorization: api_key, 'content-type': 'application/json', 'content-length': text.length },
  })
  const socket = new Promise<Socket>((resolve) => sent.once('socket', resolve))
  const status = new Promise<number | undefined>((resolve) => {
    sent.once('error', () => resolve(undefined))
    sent.once('response', (answer: IncomingMessage) => answer.resume().once('end', () => resolve(answer.statusCode)))
  })
  const finish = () => {
    sent.end(text.slice(held ? -1 : 0))
  }
  if (held) sent.write(text.slice(0, -1))
  else finish()
  return { status, socket, finish }
}

async function isRefused(origin: string): Promise<boolean> {
  const { hostname, port } = new URL(origin)
  return new Promise((resolve) => {
    const socket = connect(Number(port), hostname, () => {
      resolve(false)
      socket.destroy()
    }).once('error', () => resolve(true))
  })
}

const closed = async (sent: Sent): Promise<void> => {
  const socket = await sent.socket
  if (!socket.closed) await new Promise((resolve) => socket.once('close', resolve))
}

async function stopping({ log }: Served): Promise<void> {
  while (!log.some(({ msg }) => msg === 'stopping')) await delay(10)
}

const PATH = `/user/${String(user_id)}/`

for (const signal of ['SIGTERM', 'SIGINT', 'SIGHUP'] as const) {
  await t.test(`${signal}: nothing new is accepted, what is in flight finishes, all is closed, exit code 0`, async (t) => {
    const server = serveProcess(t, served)
    const origin = await server.listening
    const idle = send(origin, 'GET', '/user/')
    t.equal(await idle.status, 200)
    const free = await lockRow()
    const writing = send(origin, 'PATCH', PATH)
    const sending = send(origin, 'POST', '/user/', { held: true })
    await blocked()

    server.child.kill(signal)
    await stopping(server)
    t.ok(await within(4000, closed(idle)), 'an idle connection is closed at once')
    t.ok(await isRefused(origin), 'new connections are refused')
    t.notOk(await within(200, server.ended), 'requests in flight are waited for')
    await free()
    sending.finish()
    t.strictSame(await Promise.all([writing.status, sending.status]), [200, 201])
    t.ok(await within(5000, server.ended), 'then it ends at once, not when the connections are idle for long')
    t.strictSame(await server.ended, { code: 0, signal: null })
    t.ok(await noConnections(), 'the connections to the database are closed')
    t.equal(server.log.at(-1)?.msg, 'stopped')
  })
}

t.test('ROSTER_SHUTDOWN_MS bounds the stop, whatever a request waits for', async (t) => {
  const env = { ROSTER_SHUTDOWN_MS: '300', ROSTER_LOCK_MS: '60000', ROSTER_STATEMENT_MS: '60000' }
  const server = serveProcess(t, served, env)
  const origin = await server.listening
  const free = await lockRow()
  const writing = send(origin, 'PATCH', PATH)
  await blocked()
  server.child.kill('SIGTERM')
  await stopping(server)
  t.notOk(await within(150, writing.status), 'not cut before')
  t.ok(await within(4000, writing.status), 'the request is cut')
  t.equal(await Promise.race([writing.status, delay(0, 'waiting')]), undefined)
  t.ok(await within(4000, server.ended), 'and the process ends')
  await free()
  t.equal((await server.ended).signal, null)
  t.ok(await noConnections())
})

t.test('a second signal does not wait: exit code 130; a port in use is a clear error and exit code 1', async (t) => {
  const server = serveProcess(t, served)
  const origin = await server.listening
  const { port } = new URL(origin)
  const other = serveProcess(t, served, { PORT: port })
  t.strictSame(await other.ended, { code: 1, signal: null })
  t.match(other.errors(), new RegExp(`can't listen on 127\\.0\\.0\\.1:${port} \\(EADDRINUSE\\): .*set PORT`))
  t.equal(other.errors().trim().split('\n').length, 2, 'where the directory is, and one line without a stack')

  const free = await lockRow()
  const writing = send(origin, 'PATCH', PATH)
  await blocked()
  server.child.kill('SIGTERM')
  await stopping(server)
  server.child.kill('SIGINT')
  t.strictSame(await server.ended, { code: 130, signal: null })
  t.equal(await writing.status, undefined)
  await free()
  t.ok(await noConnections())
})

t.test('a database that is not there is exit code 69', async (t) => {
  const server = serveProcess(t, { DATABASE_URL: 'postgres://nobody@127.0.0.1:1/nowhere' })
  t.strictSame(await server.ended, { code: 69, signal: null })
  t.match(server.errors(), /database .* can't be reached/)
})
