import { once } from 'node:events'
import type { Socket } from 'node:net'
import { setTimeout as delay } from 'node:timers/promises'
import type { FastifyInstance } from 'fastify'
import type { Test } from 'tap'
import { buildApp } from '../../src/app.js'
import { makePasswords } from '../../src/auth/passwords.js'
import { shed } from '../../src/overload.js'
import { testConfig } from '../helpers/database.js'
import { isError, makeDirectory } from '../helpers/directory.js'
import { catchLog } from '../helpers/log.js'
import { type Connection, connect, holdRequests, listen, wireText } from '../helpers/raw.js'
import { thisFile } from '../helpers/this-file.js'

const t = thisFile()

const { db, store, superuser, create } = await makeDirectory(t)
const KEY = `Authorization: Bearer ${superuser}`
const JSON_TYPE = 'Content-Type: application/json'
const list = wireText('GET /api/user/?limit=1', [KEY])

/** A server with these settings on the directory's database. */
async function serve(t: Test, env: Record<string, string>): Promise<{ app: FastifyInstance; port: number }> {
  const config = testConfig(store, env)
  const app = await buildApp(config, { db, passwords: makePasswords(config) })
  t.teardown(() => app.close())
  return { app, port: await listen(app) }
}

/** Sends a request, and waits until the server has it. */
async function arrive(t: Test, { app, port }: { app: FastifyInstance; port: number }, text: string): Promise<Connection> {
  const received = once(app.server, 'request')
  const connection = (await connect(t, port)).send(text)
  await received
  return connection
}

t.test('requests beyond the bound are 503 at once; those before them are answered', async (t) => {
  const server = await serve(t, { ROSTER_REQUESTS: '3' })
  const release = await holdRequests(db)
  const before = shed.requests
  const held = await Promise.all([1, 2, 3].map(() => arrive(t, server, list)))
  const since = performance.now()
  for (const text of [list, list, wireText('POST /api/user/', [KEY, JSON_TYPE, 'Content-Length: 2'], '{}')]) {
    const refused = await (await connect(t, server.port)).send(text).answer()
    isError(t, refused, 503, 'unavailable')
    t.match(refused.headers['retry-after'], /^[123]$/)
  }
  t.ok(performance.now() - since < 500, 'at once')
  t.equal(shed.requests, before + 3, 'they are counted')
  t.equal((await (await connect(t, server.port)).send(wireText('GET /nowhere')).answer()).statusCode, 404, 'what is nowhere is so now too')
  await release()
  for (const connection of held) t.equal((await connection.answer()).statusCode, 200)
  t.equal((await (await connect(t, server.port)).send(list).answer()).statusCode, 200, 'there is room again')
})

t.test('a client that goes away leaves its place, and what it asked for is not begun', async (t) => {
  const server = await serve(t, { ROSTER_REQUESTS: '1', ROSTER_ANSWER_MS: '200' })
  const log = catchLog(server.app)
  const release = await holdRequests(db)
  const gone = await arrive(t, server, wireText('POST /api/user/', [KEY, JSON_TYPE, 'Content-Length: 34'], '{"username":"nobody","profile":{}}'))
  gone.socket.destroy()
  await delay(100)
  const refused = await (await connect(t, server.port)).send(list).answer()
  t.equal(refused.statusCode, 503, 'as long as its look-up is under way')
  await release()
  await delay(100)
  const answer = await (await connect(t, server.port)).send(wireText('GET /api/user/?username=nobody', [KEY])).answer()
  t.match(answer.json(), { count: 0 })

  const before = shed.left
  const releaseAgain = await holdRequests(db)
  const reader = await arrive(t, server, list)
  reader.socket.destroy()
  await delay(100)
  await releaseAgain()
  await delay(100)
  t.equal(shed.left, before + 1, 'the page is not read')
  t.equal((await (await connect(t, server.port)).send(list).answer()).statusCode, 200)
  t.strictSame(log.filter(({ level }) => level === 'error'), [])
})

t.test('a request that the database does not answer is 503 at the deadline', async (t) => {
  const server = await serve(t, { ROSTER_DEADLINE_MS: '200' })
  const log = catchLog(server.app)
  const release = await holdRequests(db)
  const before = shed.deadline
  const since = performance.now()
  const connection = await arrive(t, server, list)
  const answer = await connection.answer()
  const tookMs = performance.now() - since
  isError(t, answer, 503, 'unavailable')
  t.match(answer.headers['retry-after'], /^[123]$/)
  t.ok(tookMs >= 190 && tookMs < 900, `after ${tookMs.toFixed(0)} ms`)
  t.equal(shed.deadline, before + 1)
  await release()
  t.equal((await connection.send(list).answer()).statusCode, 200, 'the connection goes on')
  t.strictSame(log.filter(({ level }) => level === 'error'), [], 'what came too late harms nobody')
})

t.test('the time that a client takes to send its body does not count', async (t) => {
  const server = await serve(t, { ROSTER_DEADLINE_MS: '300' })
  const body = '{"username":"patient","profile":{}}'
  const connection = await arrive(t, server, wireText('POST /api/user/', [KEY, JSON_TYPE, `Content-Length: ${String(body.length)}`]))
  await delay(600)
  t.equal((await connection.send(body).answer()).statusCode, 201)
})

t.test('connections beyond the bound are closed', async (t) => {
  const { port } = await serve(t, { ROSTER_CONNECTIONS: '2' })
  const open = [await connect(t, port), await connect(t, port)]
  t.equal(await (await connect(t, port)).closed(), '')
  for (const connection of open) t.equal((await connection.send(list).answer()).statusCode, 200)
})

t.test('slow senders are cut off, also while they send a byte now and then', async (t) => {
  const { port } = await serve(t, { ROSTER_HEADERS_MS: '200', ROSTER_REQUEST_MS: '400' })
  const starts = {
    headers: 'GET /api/user/ HTTP/1.1\r\nHost: a\r\nX-A: ',
    body: wireText('POST /api/user/', [KEY, JSON_TYPE, 'Content-Length: 10000'], '{'),
  }
  await Promise.all(
    Object.entries(starts).map(async ([name, start]) => {
      const connection = (await connect(t, port)).send(start)
      const trickle = setInterval(() => connection.send('x'), 30)
      const since = performance.now()
      t.equal(await connection.closed(), '', name)
      clearInterval(trickle)
      t.ok(performance.now() - since < 4000)
    }),
  )
})

t.test('slow readers are cut off, also while they read a little now and then', async (t) => {
  const { app, port } = await serve(t, { ROSTER_ANSWER_MS: '300' })
  // More than the buffers of a connection take, so that answers stay with the server.
  const many = wireText('GET /openapi.json').repeat(400)
  for (const [name, readsBytes] of [['nothing', 0], ['a little', 512]] as const) {
    const accepted = once(app.server, 'connection') as Promise<[Socket]>
    const { socket } = await connect(t, port)
    socket.removeAllListeners('data')
    socket.pause()
    const [other] = await accepted
    const closed = once(other, 'close')
    socket.write(many)
    const reading = setInterval(() => {
      if (readsBytes > 0) socket.read(readsBytes)
    }, 20)
    const since = performance.now()
    await closed
    clearInterval(reading)
    const tookMs = performance.now() - since
    t.ok(tookMs >= 250 && tookMs < 3000, `${name}: after ${tookMs.toFixed(0)} ms`)
    socket.destroy()
  }
  t.equal((await (await connect(t, port)).send(list).answer()).statusCode, 200)
})

t.test('hashes that nobody waits for any more are not begun', async (t) => {
  // One hash takes long enough for the next one's client to go away.
  const server = await serve(t, { ROSTER_HASH_CONCURRENCY: '1', ROSTER_ARGON2_MEMORY_KIB: '1024', ROSTER_ARGON2_PASSES: '400' })
  const post = (username: string) => {
    const body = JSON.stringify({ username, password: 'a long and good one', profile: {} })
    return wireText('POST /api/user/', [KEY, JSON_TYPE, `Content-Length: ${String(body.length)}`], body)
  }
  const first = await arrive(t, server, post('first'))
  await delay(50)
  const second = await arrive(t, server, post('second'))
  await delay(50)
  const before = shed.left
  second.socket.destroy()
  t.equal((await first.answer()).statusCode, 201)
  await delay(50)
  t.equal(shed.left, before + 1)
  t.match((await (await connect(t, server.port)).send(wireText('GET /api/user/?username=second', [KEY])).answer()).json(), { count: 0 })
  await create({ username: 'second' })
})
