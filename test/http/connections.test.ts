import { once } from 'node:events'
import { maxHeaderSize } from 'node:http'
import { setTimeout as wait } from 'node:timers/promises'
import fastify from 'fastify'
import type { Test } from 'tap'
import { buildApp } from '../../src/app.js'
import { makePasswords } from '../../src/auth/passwords.js'
import { refuseMalformedHttp, watchExchanges } from '../../src/http/connections.js'
import { testConfig } from '../helpers/database.js'
import { isError, makeDirectory } from '../helpers/directory.js'
import { type Connection, connect, holdRequests, listen, wireText } from '../helpers/raw.js'
import { thisFile } from '../helpers/this-file.js'

const t = thisFile()

const directory = await makeDirectory(t)
const { app, db, store, superuser } = directory
const port = await listen(app)
const KEY = `Authorization: Bearer ${superuser}`
const JSON_TYPE = 'Content-Type: application/json'
const list = wireText('GET /api/user/?limit=1', [KEY])
const MALFORMED = ['The request is not well-formed HTTP.']

async function isRefused(t: Test, connection: Connection, errors = MALFORMED): Promise<void> {
  const answer = await connection.answer()
  isError(t, answer, 400, 'malformed_request', errors)
  t.match(answer.headers, {
    connection: 'close',
    'content-type': 'application/json; charset=utf-8',
    'cache-control': 'no-store',
    'x-request-id': /^[0-9a-f-]{36}$/,
  })
  t.equal(await connection.closed(), '', 'nothing behind the answer')
}

/** The process is up and serves new connections. */
async function isUp(t: Test): Promise<void> {
  t.equal((await (await connect(t, port)).send(list).answer()).statusCode, 200, 'still served')
}

t.test('what is no HTTP is 400 with the Error body, and the connection closes', async (t) => {
  const requests: Record<string, string> = {
    'no HTTP at all': 'GARBAGE\r\n\r\n',
    'another version': 'GET /api/user/ HTTP/9.9\r\nHost: a\r\n\r\n',
    'a line without a colon': wireText('GET /api/user/', ['Colonless']),
    'a space before the colon': wireText('GET /api/user/', ['X-A : 1']),
    'NUL in a header': wireText('GET /api/user/', ['X-A: \0']),
    'a length that is none': wireText('POST /api/user/', ['Content-Length: ten']),
    'two lengths': wireText('POST /api/user/', ['Content-Length: 2', 'Content-Length: 3'], '{}'),
    'a length and chunks': wireText(
      'POST /api/user/',
      ['Content-Length: 2', 'Transfer-Encoding: chunked'],
      '0\r\n\r\n',
    ),
    'a method that is none': wireText('FROBNICATE /api/user/'),
    'a method in lower case': wireText('get /api/user/'),
    'a space in the target': wireText('GET /api/us er/'),
    'the preface of HTTP/2': 'PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n',
    'the start of TLS': '\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03',
  }
  for (const [name, request] of Object.entries(requests)) {
    await t.test(name, async (t) => isRefused(t, (await connect(t, port)).send(request)))
  }
  await isUp(t)
})

t.test('headers over the limit are 400, which names it', async (t) => {
  const errors = [`headers: must have at most ${String(maxHeaderSize)} bytes`]
  const long = 'a'.repeat(maxHeaderSize)
  for (const request of [wireText('GET /api/user/', [`X-A: ${long}`]), wireText(`GET /api/${long}`)]) {
    await isRefused(t, (await connect(t, port)).send(request), errors)
  }
})

t.test('one connection serves one request after another, also when they were sent at once', async (t) => {
  const connection = await connect(t, port)
  for (let request = 0; request < 3; request++) {
    const answer = await connection.send(list).answer()
    t.equal(answer.statusCode, 200)
    t.equal(answer.headers.connection, 'keep-alive')
  }
  const ids = ['p-1', 'p-2', 'p-3']
  connection.send(ids.map((id) => wireText('GET /api/user/', [KEY, `X-Request-Id: ${id}`])).join(''))
  for (const id of ids) t.equal((await connection.answer()).headers['x-request-id'], id, 'in the order of the requests')
})

t.test('a refused request does not cost the connection, also when its body was not read', async (t) => {
  const connection = await connect(t, port)
  const body = 'x'.repeat(1000)
  connection.send(wireText('POST /api/user/', ['Content-Length: 1000'], body) + list)
  t.equal((await connection.answer()).statusCode, 401)
  t.equal((await connection.answer()).statusCode, 200)
})

t.test('HTTP/1.0 is served, and closes', async (t) => {
  const connection = await connect(t, port)
  const answer = await connection.send(wireText('GET /api/user/ HTTP/1.0', [KEY])).answer()
  t.equal(answer.statusCode, 200)
  t.equal(await connection.closed(), '')
})

t.test('an offer to change the protocol is not taken', async (t) => {
  for (const protocol of ['h2c', 'websocket']) {
    const connection = await connect(t, port)
    const answer = await connection
      .send(wireText('GET /api/user/', [KEY, 'Connection: Upgrade', `Upgrade: ${protocol}`]))
      .answer()
    t.equal(answer.statusCode, 200)
    t.notOk('upgrade' in answer.headers)
  }
})

t.test('an unknown expectation is ignored; 100-continue is answered', async (t) => {
  for (const expectation of ['200-ok', 'tea']) {
    const answer = await (
      await connect(t, port)
    )
      .send(wireText('GET /api/user/', [KEY, `Expect: ${expectation}`]))
      .answer()
    t.equal(answer.statusCode, 200)
  }
  const connection = await connect(t, port)
  const body = '{"username":"continued","profile":{}}'
  const lines = [KEY, JSON_TYPE, `Content-Length: ${String(body.length)}`, 'Expect: 100-continue']
  t.equal((await connection.send(wireText('POST /api/user/', lines)).answer()).statusCode, 100)
  t.equal((await connection.send(body).answer()).statusCode, 201)
})

t.test('chunked bodies are read', async (t) => {
  const connection = await connect(t, port)
  const chunks = '10\r\n{"username":"chu\r\n13;ext=1\r\nnked","profile":{}}\r\n0\r\nX-Trailer: 1\r\n\r\n'
  connection.send(wireText('POST /api/user/', [KEY, JSON_TYPE, 'Transfer-Encoding: chunked'], chunks))
  t.equal((await connection.answer()).statusCode, 201)
})

t.test('a malformed chunk is 400', async (t) => {
  const lines = [KEY, JSON_TYPE, 'Transfer-Encoding: chunked']
  for (const chunk of ['zz\r\n', '2\r\n{}XX\r\n', '-1\r\n']) {
    await isRefused(t, (await connect(t, port)).send(wireText('POST /api/user/', lines, chunk)))
  }
  await isUp(t)
})

t.test('a malformed second request on a connection is 400', async (t) => {
  const connection = await connect(t, port)
  t.equal((await connection.send(list).answer()).statusCode, 200)
  await isRefused(t, connection.send('GARBAGE\r\n\r\n'))
})

t.test('a malformed request behind one that is not answered yet is never taken for its answer', async (t) => {
  for (const others of [0, 1]) {
    const connection = await connect(t, port)
    const release = await holdRequests(db)
    const received = once(app.server, 'request')
    connection.send(list.repeat(1 + others))
    await received
    connection.send('GARBAGE\r\n\r\n')
    await wait(50)
    await release()
    const text = await connection.closed()
    t.notMatch(text, /^HTTP\/1.1 400/, `${String(1 + others)} of them: cut off, or answered first`)
  }
  await isUp(t)
})

t.test('a malformed request behind an answer that is half sent is cut off', async (t) => {
  const half = fastify({ clientErrorHandler: refuseMalformedHttp })
  t.teardown(() => half.close())
  watchExchanges(half)
  half.get('/', (_request, reply) => {
    reply.hijack()
    reply.raw.writeHead(200, { 'Content-Length': '10' }).write('half')
  })
  const connection = (await connect(t, await listen(half))).send(wireText('GET /'))
  await once(connection.socket, 'data')
  t.match(await connection.send('GARBAGE\r\n\r\n').closed(), /^HTTP\/1.1 200 [^]*\r\n\r\nhalf$/)
})

t.test('a client that goes away in the middle of its body harms nobody', async (t) => {
  const length = [KEY, JSON_TYPE, 'Content-Length: 100']
  const chunked = [KEY, JSON_TYPE, 'Transfer-Encoding: chunked']
  for (const [lines, body] of [
    [length, '{"username"'],
    [chunked, '40\r\n{"username"'],
  ] as const) {
    for (const leave of ['destroy', 'resetAndDestroy', 'end'] as const) {
      const connection = await connect(t, port)
      const received = once(app.server, 'request')
      connection.send(wireText('POST /api/user/', lines, body))
      await received
      connection.socket[leave]()
      await connection.closed()
    }
  }
  const connection = await connect(t, port)
  connection.socket.end('GET /api/us')
  await connection.closed()
  await isUp(t)
})

t.test('a malformed body behind an unfinished answer is cut off', async (t) => {
  const connection = await connect(t, port)
  const release = await holdRequests(db)
  let received = 0
  const both = new Promise<void>((done) => {
    app.server.on('request', () => (++received === 2 ? done() : undefined))
  })
  connection.send(list + wireText('POST /api/user/', [KEY, JSON_TYPE, 'Transfer-Encoding: chunked'], '2\r\n{'))
  await both
  connection.send('GARBAGE\r\n')
  t.equal(await connection.closed(), '')
  await release()
  await isUp(t)
})

t.test('a client that goes away before its answer harms nobody', async (t) => {
  const release = await holdRequests(db)
  const connection = await connect(t, port)
  const received = once(app.server, 'request')
  connection.send(list)
  await received
  connection.socket.destroy()
  await release()
  await isUp(t)
})

t.test('a body that is longer than its Content-Length: the rest is a malformed request', async (t) => {
  const connection = await connect(t, port)
  connection.send(wireText('POST /api/user/', [KEY, JSON_TYPE, 'Content-Length: 2'], '{}{"a":1}\r\n\r\n'))
  const text = await connection.closed()
  const answers = [...text.matchAll(/"code":"(\w+)"/g)].map((match) => match[1])
  t.strictSame(answers, ['validation_failed', 'malformed_request'], 'first that of the request before')
  await isUp(t)
})

t.test('every limit of time that the settings take is taken', async (t) => {
  const hour = '3600000'
  const limits = [
    { ROSTER_HEADERS_MS: hour, ROSTER_REQUEST_MS: hour, ROSTER_KEEP_ALIVE_MS: hour },
    { ROSTER_HEADERS_MS: '2', ROSTER_REQUEST_MS: '1', ROSTER_KEEP_ALIVE_MS: '1' },
  ]
  for (const env of limits) {
    const config = testConfig(store, env)
    const other = await buildApp(config, { db, passwords: makePasswords(config) })
    await listen(other)
    t.match(other.server, {
      headersTimeout: Math.min(config.headersMs, config.requestMs),
      requestTimeout: config.requestMs,
      keepAliveTimeout: config.keepAliveMs,
    })
    await other.close()
  }
})

t.test('slow and idle senders are cut off without an answer', async (t) => {
  const config = testConfig(store, { ROSTER_HEADERS_MS: '200', ROSTER_REQUEST_MS: '400', ROSTER_KEEP_ALIVE_MS: '200' })
  const slow = await buildApp(config, { db, passwords: makePasswords(config), onAnswer: () => undefined })
  t.teardown(() => slow.close())
  const slowPort = await listen(slow)
  const requests = {
    'in the middle of the headers': 'GET /api/user/ HTTP/1.1\r\nHost: a\r\nX-A',
    'in the middle of a body': wireText('POST /api/user/', [KEY, JSON_TYPE, 'Content-Length: 100'], '{'),
    'in the middle of a chunk': wireText('POST /api/user/', [KEY, JSON_TYPE, 'Transfer-Encoding: chunked'], '5\r\n{'),
    'before the first byte': '',
  }
  await Promise.all(
    Object.entries(requests).map(async ([name, request]) => {
      t.equal(await (await connect(t, slowPort)).send(request).closed(), '', name)
    }),
  )
  const idle = await connect(t, slowPort)
  t.equal((await idle.send(list).answer()).statusCode, 200)
  t.equal(await idle.closed(), '', 'after an answer')
})
