import { buildApp } from '../../src/app.js'
import { makePasswords } from '../../src/auth/passwords.js'
import { testConfig } from '../helpers/database.js'
import { isError, makeDirectory, withBrokenTable, withLostDatabase } from '../helpers/directory.js'
import { connect, listen, wireText } from '../helpers/raw.js'
import { thisFile } from '../helpers/this-file.js'

const t = thisFile()

const directory = await makeDirectory(t)
const { app, db, superuser, viewer } = directory
const port = await listen(app)
const UUID = /^[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/
const KEY = `Authorization: Bearer ${superuser}`
const JSON_LINES = [KEY, 'Content-Type: application/json']

/** What a browser is told with every answer. */
const SECURITY = {
  'x-content-type-options': 'nosniff',
  'content-security-policy': "default-src 'none'; frame-ancestors 'none'",
  'referrer-policy': 'no-referrer',
  'cross-origin-resource-policy': 'same-origin',
}

/** A request that is answered with each status, but for those of a broken database. */
const requests: readonly [number, string, string[], string?][] = [
  [200, 'GET /api/user/', [KEY]],
  [200, 'GET /openapi.json', []],
  [200, 'GET /openapi.yaml', []],
  [201, 'POST /api/user/', [...JSON_LINES, 'Content-Length: 34'], '{"username":"made", "profile":{} }'],
  [400, 'PATCH /api/user/1/', [...JSON_LINES, 'Content-Length: 1'], '{'],
  [400, 'GET /api/user/?limit=0', [KEY]],
  [401, 'GET /api/user/', []],
  [403, 'POST /api/user/', [`Authorization: ${viewer.key}`]],
  [404, 'GET /api/user/0/', [KEY]],
  [404, 'GET /nothing', []],
  [404, 'GET /api/user/%zz/', [KEY]],
  [405, 'PUT /api/user/', []],
  [405, 'POST /openapi.json', []],
  [413, 'POST /api/user/', [KEY, 'Content-Length: 300000']],
  [415, 'POST /api/user/', [KEY, 'Content-Length: 1'], '1'],
  [204, `DELETE /api/user/${String((await directory.create({ username: 'gone' })).id)}/`, [KEY]],
]

t.test('every answer has a request id and no cache keeps it', async (t) => {
  for (const [status, start, lines, body = ''] of requests) {
    await t.test(`${String(status)} ${start}`, async (t) => {
      const answer = await (
        await connect(t, port)
      )
        .send(wireText(start, [...lines, 'X-Request-Id: My-Id-1'], body))
        .answer()
      t.match(answer, { statusCode: status, headers: { 'x-request-id': /^My-Id-1$/, 'cache-control': /^no-store$/ } })
      t.match(answer.headers, SECURITY)
      t.notOk('strict-transport-security' in answer.headers)
      if (status < 400) return
      t.equal(answer.json<{ request_id: string }>().request_id, 'My-Id-1')
      t.equal(answer.headers['content-type'], 'application/json; charset=utf-8')
      t.equal('www-authenticate' in answer.headers, status === 401)
      t.equal('allow' in answer.headers, status === 405)
    })
  }
  t.notOk(directory.answers.some((answer) => answer.faults.length > 0))
})

t.test('what is no HTTP is answered with them too', async (t) => {
  const answer = await (await connect(t, port)).send('GARBAGE\r\n\r\n').answer()
  t.match(answer, { statusCode: 400, headers: SECURITY })
})

t.test('browsers are held to https where ROSTER_PUBLIC_URL is, and only there', async (t) => {
  for (const [url, told] of [['https://roster.example', 'max-age=63072000'], ['http://roster.example', undefined]] as const) {
    const config = testConfig(directory.store, { ROSTER_PUBLIC_URL: url })
    const other = await buildApp(config, { db, passwords: makePasswords(config) })
    for (const path of ['/api/user/', '/docs', '/nothing', '/openapi.json']) {
      t.equal((await other.inject({ url: path })).headers['strict-transport-security'], told, `${url} ${path}`)
    }
    await other.close()
  }
})

t.test('a request id is made where none that is well-formed was sent', async (t) => {
  for (const id of ['', 'a b', 'a_b', 'ä', 'a'.repeat(65), '"a"', 'a,b', '<a>', 'a.b', "a'--"]) {
    const answer = await app.inject({ url: '/nothing', headers: { 'x-request-id': id } })
    t.match(answer.headers['x-request-id'], UUID, `for "${id}"`)
    t.equal(answer.json<{ request_id: string }>().request_id, answer.headers['x-request-id'])
  }
  for (const id of ['a', '0', '-', 'a'.repeat(64), '0B0f-4c2e']) {
    t.equal((await app.inject({ url: '/nothing', headers: { 'x-request-id': id } })).headers['x-request-id'], id)
  }
  const twice = await (
    await connect(t, port)
  )
    .send(wireText('GET /nothing', ['X-Request-Id: a', 'X-Request-Id: b']))
    .answer()
  t.match(twice.headers['x-request-id'], UUID)
  const ids = await Promise.all(
    Array.from({ length: 20 }, async () => (await app.inject({ url: '/nothing' })).headers['x-request-id']),
  )
  t.equal(new Set(ids).size, 20, 'each is another')
})

t.test('401 says how to authenticate, with one of two messages', async (t) => {
  const none = 'Authentication credentials were not provided.'
  const wrong = 'Invalid or missing credentials.'
  const values: readonly [string | undefined, string][] = [
    [undefined, none],
    ['', none],
    ['Bearer', none],
    ['Bearer ', none],
    ['bearer   ', none],
    ['Bearer x', wrong],
    ['x', wrong],
    ['Basic YTpi', wrong],
    [`Token ${superuser}`, wrong],
    [`${superuser}x`, wrong],
    [`Bearer ${superuser} x`, wrong],
    [`Bearer${superuser}`, wrong],
    [superuser.toUpperCase(), wrong],
  ]
  for (const [authorization, message] of values) {
    const answer = await app.inject({
      url: '/api/user_info/',
      headers: authorization === undefined ? {} : { authorization },
    })
    isError(t, answer, 401, message === none ? 'not_authenticated' : 'invalid_credentials', [message])
    t.equal(answer.json<{ message: string }>().message, message)
    t.equal(answer.headers['www-authenticate'], 'Bearer')
  }
  for (const authorization of [superuser, `Bearer ${superuser}`, `bEARER  ${superuser}`]) {
    t.equal((await app.inject({ url: '/api/user_info/', headers: { authorization } })).statusCode, 200)
  }
})

t.test('500 and 503 have a request id too, and 503 says when to try again', async (t) => {
  const request = { url: '/api/user/', headers: { authorization: superuser, 'x-request-id': 'broken-1' } }
  await withBrokenTable(db, 'api_key', async () => {
    const answer = await app.inject(request)
    isError(t, answer, 500, 'internal_error', ['Internal server error.'])
    t.match(answer.headers, { 'x-request-id': /^broken-1$/, 'cache-control': 'no-store' })
    t.notOk('retry-after' in answer.headers)
  })
  await withLostDatabase(t, directory, async (lost) => {
    const answer = await lost.inject(request)
    isError(t, answer, 503, 'unavailable')
    t.match(answer.headers, { 'x-request-id': /^broken-1$/, 'cache-control': 'no-store', 'retry-after': /^1$/ })
  })
})
