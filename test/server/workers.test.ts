import { readFileSync } from 'node:fs'
import { Agent, type IncomingMessage, request } from 'node:http'
import { setTimeout as delay } from 'node:timers/promises'
import { sql } from 'kysely'
import pg from 'pg'
import type { Test } from 'tap'
import { usersOf } from '../../src/db/users.js'
import { createEnterprise } from '../../src/users/enterprise.js'
import { pauseAfter } from '../../src/workers.js'
import { freshDatabase } from '../helpers/database.js'
import { type Line, type Served, serveProcess, within } from '../helpers/process.js'
import { thisFile } from '../helpers/this-file.js'

const t = thisFile()

const { store, db } = await freshDatabase(t)
const { DATABASE_URL: url } = store as { DATABASE_URL: string }
const { api_key, user_id, enterprise } = await createEnterprise(db, 'acme', { username: 'alice', email: '' })
const PATH = `/user/${String(user_id)}/`

const serveWorkers = (t: Test, workers: number, env: Record<string, string> = {}): Served =>
  serveProcess(t, store, env, ['--workers', String(workers)])

/** Waits until the log has `count` lines that match; the time bound of the test is that of a wait in vain. */
async function lines({ log }: Served, wanted: (line: Line) => boolean, count = 1): Promise<Line[]> {
  while (log.filter(wanted).length < count) await delay(10)
  return log.filter(wanted)
}

const listens = ({ msg }: Line): boolean => msg.startsWith('Server listening')

/** The ids of the workers that have come to listen, in that order. */
const listening = async (server: Served, count: number): Promise<number[]> =>
  (await lines(server, listens, count)).map(({ pid }) => pid!)

/** Whether there is a process that has not ended. One that nobody waited for is as good as gone. */
function isThere(pid: number): boolean {
  try {
    return !/^State:\tZ/m.test(readFileSync(`/proc/${String(pid)}/status`, 'utf8'))
  } catch {
    return false
  }
}

async function gone(pids: readonly number[]): Promise<boolean> {
  for (let look = 0; look < 200 && pids.some(isThere); look++) await delay(10)
  return !pids.some(isThere)
}

interface Answer {
  /** Undefined when the connection was cut before the answer. */
  readonly status: number | undefined
}

/** Sends a request; on a connection of its own, or the one of `agent`. */
function send(origin: string, method: string, path: string, agent = new Agent(), username?: string): Promise<Answer> {
  return new Promise((resolve) => {
    const body = username === undefined ? { first_name: 'Alice' } : { username, profile: { role: 'Viewer' } }
    const text = method === 'GET' ? '' : JSON.stringify(body)
    const headers = { authorization: api_key, 'content-type': 'application/json', 'content-length': text.length }
    // A connection that is on its way to a process that is killed is answered by nobody.
    const sent = request(`${origin}/api${path}`, { method, agent, headers, timeout: 3000 }, (answer: IncomingMessage) => {
      answer.resume().once('close', () => resolve({ status: answer.complete ? answer.statusCode : undefined }))
    })
    sent.once('timeout', () => sent.destroy()).once('error', () => resolve({ status: undefined }))
    sent.end(text)
  })
}

/** Locks alice's row, so that every write of hers waits. Returns what frees it, and what waits until a write waits. */
async function lockRow(t: Test): Promise<{ free: () => Promise<unknown>; blocked: () => Promise<void> }> {
  const [admin, watcher] = [new pg.Client({ connectionString: url }), new pg.Client({ connectionString: url })]
  await Promise.all([admin.connect(), watcher.connect()])
  t.teardown(() => Promise.all([admin.end(), watcher.end()]))
  await admin.query('begin')
  await admin.query('select from user_account where id = $1 for update', [user_id])
  const waiting = `select from pg_stat_activity where datname = current_database() and wait_event_type = 'Lock'`
  return {
    free: () => admin.query('rollback'),
    blocked: async () => {
      while ((await watcher.query(waiting)).rowCount === 0) await delay(10)
    },
  }
}

/** With a request in flight and an idle worker, `signal` ends all well. */
async function drains(t: Test, server: Served, origin: string, workers: readonly number[], signal: () => void): Promise<void> {
  const { free, blocked } = await lockRow(t)
  const writing = send(origin, 'PATCH', PATH, new Agent({ keepAlive: true }))
  await blocked()
  signal()
  await lines(server, ({ msg, pid }) => msg === 'stopped' && workers.includes(pid!))
  t.notOk(await within(150, server.ended), 'the worker of the request is waited for')
  await free()
  t.strictSame(await writing, { status: 200 })
  t.ok(await within(4000, server.ended), 'then it ends at once, not when the connections are idle for long')
  t.strictSame(await server.ended, { code: 0, signal: null })
  t.ok(await gone(workers))
  t.match(server.log.at(-1), { msg: 'stopped', pid: server.child.pid })
}

t.test('workers answer on one port; one that is killed is replaced, and what was acknowledged is there', async (t) => {
  const server = serveWorkers(t, 2)
  const origin = await server.listening
  const [victim, other] = await listening(server, 2)
  t.equal(new Set([server.child.pid, victim, other]).size, 3, 'each is a process')
  t.equal(new Set((await lines(server, listens)).map(({ msg }) => msg)).size, 1, 'on one port')
  t.equal(server.errors().trim().split('\n').length, 1, 'where the directory is kept is told once')

  const acknowledged: string[] = []
  const statuses = new Set<number | undefined>()
  let killed = false
  let afterwards = 0
  await Promise.all(
    Array.from({ length: 6 }, async (_, client) => {
      const agent = new Agent({ keepAlive: true, maxSockets: 1 })
      for (let n = 0; afterwards < 60; n++) {
        const name = `user-${String(client)}-${String(n)}`
        const { status } = await send(origin, 'POST', '/user/', agent, name)
        statuses.add(status)
        if (status === 201) acknowledged.push(name)
        if (killed && status === 201) afterwards++
        if (acknowledged.length > 30 && !killed) killed = process.kill(victim!, 'SIGKILL')
      }
      agent.destroy()
    }),
  )
  t.strictSame([...statuses].filter((status) => status !== 201 && status !== undefined), [], 'no answer but a right one')
  const [ended] = await lines(server, ({ msg }) => msg === 'a worker ended and is replaced')
  t.match(ended, { pid: server.child.pid, worker: victim, exit_code: null, signal: 'SIGKILL', pause_ms: 100 })
  const [, , third] = await listening(server, 3)
  t.ok(isThere(third!) && third !== victim && third !== other, 'it is replaced')
  const answered = new Set((await lines(server, ({ msg }) => msg === 'answered', 60)).map(({ pid }) => pid))
  t.ok(answered.has(victim) || answered.has(other), 'requests are logged with the process that answered')

  const { id } = await db.selectFrom('enterprise').select('id').where('uuid', '=', enterprise).executeTakeFirstOrThrow()
  const { rows } = await usersOf(db, id).page({ limit: 1000, offset: 0 })
  const names = new Set(rows.map(({ username }) => username))
  t.ok(acknowledged.length > 90)
  t.strictSame(acknowledged.filter((name) => !names.has(name)), [], 'every acknowledged user is there')

  await drains(t, server, origin, [other!, third!], () => server.child.kill('SIGTERM'))
})

t.test("a terminal's signal to all the processes: what is in flight finishes, nothing is restarted", async (t) => {
  const server = serveWorkers(t, 2)
  const origin = await server.listening
  const workers = await listening(server, 2)
  await drains(t, server, origin, workers, () => process.kill(-Number(server.child.pid), 'SIGINT'))
  t.equal(server.log.filter(listens).length, 2, 'no other worker was started')
  t.strictSame(server.log.filter(({ worker }) => worker !== undefined), [], 'none is logged as replaced')
  const [first, ...stops] = server.log.filter(({ msg }) => msg === 'stopping').map(({ time }) => Date.parse(time))
  t.equal(stops.length, 2)
  for (const stop of stops) t.ok(stop - first! > 400, 'the drain is not skipped')
})

t.test('a signal to one worker alone: it drains, ends and is replaced', async (t) => {
  for (const signal of ['SIGTERM', 'SIGINT', 'SIGHUP'] as const) {
    const server = serveWorkers(t, 2)
    const origin = await server.listening
    const [, one] = await listening(server, 2)
    const { free, blocked } = await lockRow(t)
    const writing = Promise.all([1, 2, 3, 4].map(() => send(origin, 'PATCH', PATH, new Agent({ keepAlive: true }))))
    await blocked()
    process.kill(one!, signal)
    await lines(server, ({ msg, pid }) => msg === 'stopping' && pid === one)
    await free()
    t.strictSame(await writing, [1, 2, 3, 4].map(() => ({ status: 200 })))
    t.match(await lines(server, ({ worker }) => worker !== undefined), [{ worker: one, exit_code: 0, signal: null }])
    t.equal((await listening(server, 3)).length, 3)
    server.child.kill('SIGTERM')
    t.strictSame(await server.ended, { code: 0, signal: null })
  }
})

t.test('a stop while workers start ends those too, without waiting for the bound', async (t) => {
  for (const wait of [0, 100, 200]) {
    const server = serveWorkers(t, 3)
    await server.listening
    await delay(wait)
    server.child.kill('SIGTERM')
    t.ok(await within(9000, server.ended))
    t.strictSame(await server.ended, { code: 0, signal: null })
  }
})

t.test('ROSTER_SHUTDOWN_MS bounds the stop, also of a worker that does not respond: exit code 1', async (t) => {
  const server = serveWorkers(t, 2, { ROSTER_SHUTDOWN_MS: '100', ROSTER_LOCK_MS: '60000', ROSTER_STATEMENT_MS: '60000' })
  const origin = await server.listening
  const workers = await listening(server, 2)
  const { free, blocked } = await lockRow(t)
  const writing = send(origin, 'PATCH', PATH)
  await blocked()
  process.kill(workers[0]!, 'SIGSTOP')
  server.child.kill('SIGTERM')
  t.strictSame(await server.ended, { code: 1, signal: null })
  t.match(server.errors(), 'roster: requests in flight were cut off')
  t.ok(await gone(workers))
  t.strictSame(await writing, { status: undefined })
  await free()
})

t.test('a second signal does not wait: exit code 130, and no worker is left', async (t) => {
  const server = serveWorkers(t, 2)
  const origin = await server.listening
  const workers = await listening(server, 2)
  const { free, blocked } = await lockRow(t)
  const writing = send(origin, 'PATCH', PATH)
  await blocked()
  server.child.kill('SIGTERM')
  await lines(server, ({ msg, pid }) => msg === 'stopping' && workers.includes(pid!))
  server.child.kill('SIGINT')
  t.strictSame(await server.ended, { code: 130, signal: null })
  t.strictSame(await writing, { status: undefined })
  t.ok(await gone(workers))
  await free()
})

t.test('a stop in the pause before a worker is replaced starts no other, and is no failure', async (t) => {
  const server = serveWorkers(t, 2)
  await server.listening
  for (let n = 1; n <= 5; n++) {
    process.kill((await listening(server, n + 1)).at(-1)!, 'SIGKILL')
    await lines(server, ({ msg }) => msg === 'a worker ended and is replaced', n)
  }
  t.match(server.log.at(-1), { pause_ms: 1600 })
  server.child.kill('SIGTERM')
  t.strictSame(await server.ended, { code: 0, signal: null })
  t.equal(server.log.filter(listens).length, 6)
})

t.test('a primary that is killed leaves no worker', async (t) => {
  const server = serveWorkers(t, 2)
  const workers = await listening(server, 2)
  server.child.kill('SIGKILL')
  t.ok(await gone(workers))
})

t.test('a port in use is told once, and ends the whole; no worker is replaced at a stop', async (t) => {
  const server = serveWorkers(t, 2)
  const { port } = new URL(await server.listening)
  const second = serveWorkers(t, 2, { PORT: port })
  t.strictSame(await second.ended, { code: 1, signal: null })
  t.match(second.errors().trim().split('\n'), [
    /^Roster keeps the directory in /,
    new RegExp(`^roster: can't listen on .*:${port} \\(EADDRINUSE\\): .*set PORT`),
    'roster: the first worker did not start',
  ])

  const workers = await listening(server, 2)
  server.child.kill('SIGHUP')
  t.strictSame(await server.ended, { code: 0, signal: null })
  t.strictSame(server.log.filter(({ worker }) => worker !== undefined), [])
  t.ok(await gone(workers))
})

t.test('a newer schema is warned of once; a stop before the first worker listens starts no other', async (t) => {
  await sql`insert into kysely_migration values ('0999_next', '2999-01-01T00:00:00Z')`.execute(db)
  const server = serveWorkers(t, 2)
  server.child.stderr!.once('data', () => server.child.kill('SIGTERM'))
  t.strictSame(await server.ended, { code: 0, signal: null })
  t.ok(server.log.filter(listens).length <= 1)
  t.equal(server.log.filter(({ msg }) => msg === 'the database is newer than this server (0999_next)').length, 1)
})

t.test('pauses double up to ten seconds, until a worker has served for a while', async (t) => {
  const pauses: number[] = []
  for (let ends = 0; ends < 9; ends++) pauses.push(pauseAfter(pauses.at(-1) ?? 0, 500))
  t.strictSame(pauses, [100, 200, 400, 800, 1600, 3200, 6400, 10_000, 10_000])
  t.equal(pauseAfter(10_000, 30_000), 100)
})
