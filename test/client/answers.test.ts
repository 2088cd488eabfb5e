import { inspect } from 'node:util'
import { RosterClient } from '../../src/client/index.js'
import { failure, hangUp, refusal, scripted, scriptedKey } from '../helpers/scripted.js'
import { thisFile } from '../helpers/this-file.js'

const t = thisFile()

t.test('what is sent', async (t) => {
  const { roster, received } = await scripted(t, [{ status: 200, body: {} }])
  await roster.getUserInfo({ 'X-Client-Id': 'console' })
  await roster.partialUpdateUser(3, { first_name: 'Zoë' })
  const [info, patch] = received
  t.match(info, {
    request: 'GET /api/user_info/',
    headers: { authorization: `Bearer ${scriptedKey}`, accept: 'application/json', 'x-client-id': 'console' },
    body: '',
  })
  t.notOk(info?.headers['content-type'])
  t.match(patch, { request: 'PATCH /api/user/3/', headers: { 'content-type': 'application/json' }, body: '{"first_name":"Zoë"}' })
})

t.test('an answer that is none of Roster is a RosterError, whatever its status', async (t) => {
  const pages: [number, unknown][] = [
    [502, '<html>Bad gateway</html>'],
    [404, { message: 'no such route', errors: 'none' }],
    [400, { message: 'm', code: 'c', request_id: 'r', errors: [1] }],
    [200, '<html>Sign in</html>'],
    [200, ''],
    [200, 'null'],
    [200, '"text"'],
    [302, ''],
  ]
  for (const [status, body] of pages) {
    const headers = { location: '/elsewhere', 'x-request-id': 'r-2' }
    const { roster, received } = await scripted(t, [{ status, body, headers }])
    t.match(await failure(roster.getUser(3)), {
      name: 'RosterError',
      message: `The answer (status ${String(status)}) is none of Roster's.`,
      status,
      code: 'invalid_answer',
      errors: [],
      request_id: 'r-2',
    })
    t.equal(received.length, 1, 'a redirect is not followed')
  }
  const { roster } = await scripted(t, [{ status: 502, body: '' }])
  t.match(await failure(roster.getUser(3)), { status: 502, request_id: undefined })
})

t.test('a 204 has no body', async (t) => {
  const { roster } = await scripted(t, [{ status: 204 }])
  t.strictSame(await Promise.all([roster.deleteUser(3)]), [undefined])
})

t.test('an unknown code of a newer server is kept', async (t) => {
  const body = { errors: [], message: 'A new one.', status: 409, code: 'conflict', request_id: 'r-3' }
  const { roster } = await scripted(t, [{ status: 409, body }])
  t.match(await failure(roster.getUser(3)), { status: 409, code: 'conflict', message: 'A new one.' })
})

t.test('the pages of all users', async (t) => {
  const page = (next: string | null) => ({ status: 200, body: { count: 2, next, previous: null, results: [{ id: 1 }] } })
  await t.test('of a link only the offset counts', async (t) => {
    const { roster, received } = await scripted(t, [page('http://10.0.0.1:1/other/?offset=7&limit=1'), page(null)])
    for await (const { id } of roster.listAllUsers({ username: 'a b&c' })) t.equal(id, 1)
    t.strictSame(received.map(({ request }) => request), [
      'GET /api/user/?limit=1000&username=a+b%26c&offset=0',
      'GET /api/user/?limit=1000&username=a+b%26c&offset=7',
    ])
  })
  for (const next of ['http://10.0.0.1/?offset=0', 'http://10.0.0.1/?limit=1', 'http://10.0.0.1/?offset=1x', 'x']) {
    await t.test(`a link that leads nowhere new ends it: ${next}`, async (t) => {
      const { roster, received } = await scripted(t, [page(next)])
      const users = roster.listAllUsers()
      await users.next()
      t.match(await failure(users.next()), { name: 'RosterError', status: 200, code: 'invalid_answer' })
      t.equal(received.length, 1)
    })
  }
})

t.test('no answer', async (t) => {
  await t.test('tells why, but holds nothing else of the connection', async (t) => {
    const { roster } = await scripted(t, [hangUp], { tries: 1 })
    const fault = await failure(roster.getUserInfo())
    t.match(fault, { status: 0, code: 'network_error', message: 'No answer came.', errors: [], request_id: undefined })
    t.strictSame(fault.cause, { name: 'SocketError', message: 'other side closed', code: 'UND_ERR_SOCKET' })
  })
  await t.test('from a fetch of the caller, which may throw anything', async (t) => {
    const make = (thrown: Error) =>
      new RosterClient({
        baseUrl: 'http://127.0.0.1:1/api',
        key: 'k',
        tries: 1,
        fetch: () => Promise.reject(thrown),
      })
    t.match(await failure(make(new Error('gone')).getUserInfo()), { cause: { name: 'Error', message: 'gone', code: undefined } })
    for (const thrown of [undefined, null, 'gone', {}]) {
      t.match(await failure(make(thrown as Error).getUserInfo()), { code: 'network_error', cause: { name: typeof thrown } })
    }
  })
})

t.test('no key is shown, whatever the server says', async (t) => {
  // undici's parser keeps the bytes of a broken answer, and the parser of JSON quotes them.
  const broken = (text: string) => (response: { socket: { end: (text: string) => void } | null }) => response.socket?.end(text)
  const echo = JSON.stringify({ token: scriptedKey })
  const answers = [
    broken(`HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nzz${scriptedKey}\r\n`),
    { status: 200, body: scriptedKey },
    { status: 400, body: echo },
    { status: 400, body: scriptedKey },
    refusal(400),
  ]
  for (const answer of answers) {
    const { roster } = await scripted(t, [answer], { tries: 1 })
    const fault = await failure(roster.getUserInfo())
    t.notMatch(inspect(fault, { depth: null, showHidden: true }), 'SECRET')
    t.notMatch(JSON.stringify(fault), 'SECRET')
  }
})

t.test('what can not be sent is told at once, without the secret', async (t) => {
  const refused = (baseUrl: string, key: string, message: RegExp): void => {
    const make = () => new RosterClient({ baseUrl, key })
    const fault = t.throws(make, { name: 'TypeError', message })
    t.notMatch(inspect(fault, { depth: null, showHidden: true }), 'SECRET')
  }
  for (const key of ['', 'rst_SECRET\n', 'SECRET SECRET', 'SECRET\u00e9']) {
    refused('http://127.0.0.1/api', key, /^key: /)
  }
  const wrong = ['', '/api', 'h/api', '//u:SECRET@h', 'ftp://h', 'http://u:SECRET@h', 'http://u@h', 'http://h/?SECRET', 'http://h/#SECRET']
  for (const url of wrong) refused(url, 'k', /^baseUrl: /)
  const { roster, received } = await scripted(t, [{ status: 200, body: {} }])
  await t.rejects(roster.getUserInfo({ 'X-Tenant': 'a\nb' }), TypeError)
  const circle: Record<string, unknown> = {}
  circle.profile = circle
  await t.rejects(roster.partialUpdateUser(3, circle), TypeError)
  t.equal(received.length, 0)
})

t.test('in a browser the base URL may be relative', async (t) => {
  const { url, received } = await scripted(t, [{ status: 200, body: {} }])
  const browser = globalThis as { location?: { href: string } }
  browser.location = { href: `${url}/console/#users` }
  t.teardown(() => delete browser.location)
  await new RosterClient({ baseUrl: '/api', key: 'k' }).getUserInfo()
  t.equal(received[0]?.request, 'GET /api/user_info/')
})
