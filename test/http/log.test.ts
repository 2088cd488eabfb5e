import { setTimeout } from 'node:timers/promises'
import type { InjectOptions } from 'fastify'
import { buildApp } from '../../src/app.js'
import { makePasswords } from '../../src/auth/passwords.js'
import { measureRequests } from '../../src/ops/requests.js'
import { overloaded } from '../../src/overload.js'
import { testConfig } from '../helpers/database.js'
import { makeDirectory, withBrokenTable, withLostDatabase } from '../helpers/directory.js'
import { catchLog } from '../helpers/log.js'
import { thisFile } from '../helpers/this-file.js'

const t = thisFile()

const directory = await makeDirectory(t)
const { db, store, superuser, acme } = directory
const config = testConfig(store, { LOG_LEVEL: 'info' })
const app = await buildApp(config, { db, passwords: makePasswords(config) })
t.teardown(() => app.close())
const lines = catchLog(app)

const ALWAYS = ['level', 'time', 'request_id', 'method', 'status', 'duration_ms', 'msg']
const CALLER = ['enterprise', 'user_id', 'key_prefix']

/** The lines that a request logs. */
async function logged(request: InjectOptions): Promise<Record<string, unknown>[]> {
  lines.length = 0
  await app.inject(request)
  // The answer is there a moment before it is logged.
  for (let wait = 0; wait < 20 && !lines.some((line) => line.msg === 'answered'); wait++) await setTimeout(5)
  return [...lines]
}

t.test('one line an answer, with the fields of the allow-list alone', async (t) => {
  const headers = { authorization: `Bearer ${superuser}`, 'x-request-id': 'log-1' }
  const [line, ...others] = await logged({ url: '/api/user/?username=alice', headers })
  t.strictSame(others, [])
  t.strictSame(Object.keys(line ?? {}).sort(), [...ALWAYS, ...CALLER, 'operation_id', 'route'].sort())
  t.match(line, {
    level: 'info',
    time: /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$/,
    request_id: /^log-1$/,
    operation_id: 'listUsers',
    method: 'GET',
    route: '/api/user/',
    status: 200,
    duration_ms: Number,
    enterprise: acme.enterprise,
    user_id: acme.user_id,
    msg: 'answered',
  })
  t.ok(superuser.startsWith(String(line?.key_prefix)) && String(line?.key_prefix).length < superuser.length / 2)
})

t.test('a refused sign-in: its enterprise, the network and the reason, in the log and counted, and no name', async (t) => {
  const password = 'correct horse battery'
  const add = (json: object) => app.inject({ method: 'POST', url: '/api/user/', headers: { authorization: superuser }, payload: { profile: {}, ...json } })
  for (const user of [{ username: 'lena', password }, { username: 'mute' }, { username: 'gone', password, is_active: false }]) await add(user)
  const quiet = await buildApp(testConfig(store, { LOG_LEVEL: 'info', ROSTER_SIGN_IN_LOG: 'off' }), { db, passwords: makePasswords(config) })
  const quietLines = catchLog(quiet)
  const { signIns } = measureRequests(quiet)
  const request = (username: string, sent = password, tenant = 'acme', client?: string) => ({
    method: 'POST', url: '/api/login/', payload: { username, password: sent }, remoteAddress: '203.0.113.9',
    headers: { 'x-tenant': tenant, ...(client === undefined ? {} : { 'x-client-id': client }) },
  }) as const
  const table: [reason: string, InjectOptions][] = [
    ['unknown_tenant', request('lena', password, 'nowhere')],
    ['unknown_client', request('lena', password, 'acme', 'nobody')],
    ['unknown_user', request('secret-name')],
    ['no_password', request('mute')],
    ['wrong_password', request('lena', 'incorrect horse')],
    ['inactive_user', request('gone')],
    ...Array.from({ length: 5 }, (): [string, InjectOptions] => ['unknown_user', request('secret-name-too')]),
    ['too_many_attempts', request('secret-name-too')],
  ]
  for (const [reason, sent] of table) {
    const [line, ...others] = await logged(sent)
    t.strictSame(others, [])
    t.match(line, { operation_id: 'login', network: '203.0.113.9', reason }, reason)
    t.equal(line?.enterprise, reason === 'unknown_tenant' ? undefined : acme.enterprise)
    t.notMatch(JSON.stringify(line), /secret-name|incorrect|nowhere|nobody/)
    await quiet.inject(sent)
  }
  const [allowed] = await logged(request('lena'))
  t.notMatch(JSON.stringify(allowed), '203.0.113')
  t.strictSame([...signIns].flatMap(([reason, n]) => (n > 0 ? reason : [])).sort(), [...new Set(table.map(([reason]) => reason))].sort())
  t.equal(signIns.get('wrong_password'), 1)
  t.ok(quietLines.length > 0)
  t.notMatch(JSON.stringify(quietLines), /203\.0|"reason"/)
  await quiet.close()
})

t.test('a sign-in that is not judged has a reason as well: too many wait, too late, the user changed, no database', async (t) => {
  const [username, password] = ['hasty', 'correct horse battery']
  const { id } = await directory.create({ username, password })
  const busy = testConfig(store, { LOG_LEVEL: 'info', ROSTER_DEADLINE_MS: '400' })
  const real = makePasswords(busy)
  let meanwhile = (): Promise<unknown> => Promise.resolve()
  const passwords = {
    ...real,
    verify: async (...sent: Parameters<typeof real.verify>) => {
      const isRight = await real.verify(...sent)
      await meanwhile()
      return isRight
    },
  }
  const hasty = await buildApp(busy, { db, passwords })
  const hastyLines = catchLog(hasty)
  const { signIns } = measureRequests(hasty)
  const request = { method: 'POST', url: '/api/login/', payload: { username, password }, headers: { 'x-tenant': 'acme' }, remoteAddress: '203.0.113.10' } as const
  const change = (json: object) =>
    app.inject({ method: 'PATCH', url: `/api/user/${String(id)}/`, headers: { authorization: superuser }, payload: json })
  const told = async () => {
    for (let wait = 0; wait < 20 && !hastyLines.some((line) => line.msg === 'answered'); wait++) await setTimeout(5)
    return hastyLines.splice(0).find((line) => line.msg === 'answered')
  }

  meanwhile = () => change({ password: 'another fine password' })
  t.equal((await hasty.inject(request)).statusCode, 401)
  t.match(await told(), { status: 401, enterprise: acme.enterprise, network: '203.0.113.10', reason: 'changed_meanwhile' })
  await change({ password })

  meanwhile = () => Promise.reject(overloaded('hashes'))
  t.equal((await hasty.inject(request)).statusCode, 503, 'too many hashes wait')
  t.match(await told(), { status: 503, enterprise: acme.enterprise, network: '203.0.113.10', reason: 'unavailable' })

  let end = (): void => undefined
  const ended = new Promise<void>((resolve) => {
    end = resolve
  })
  meanwhile = () => ended
  t.equal((await hasty.inject(request)).statusCode, 503, 'the deadline has passed')
  const late = await told()
  t.match(late, { status: 503, network: '203.0.113.10', reason: 'unavailable' })
  t.equal(late?.enterprise, undefined)
  end()
  t.equal(signIns.get('changed_meanwhile'), 1)
  t.equal(signIns.get('unavailable'), 2)
  await hasty.close()

  await withLostDatabase(t, directory, async (lost) => {
    const refusals = measureRequests(lost).signIns
    t.equal((await lost.inject(request)).statusCode, 503)
    t.equal((await lost.inject({ url: '/api/user_info/', headers: { authorization: superuser } })).statusCode, 503)
    await setTimeout(20)
    t.equal(refusals.get('unavailable'), 1, 'another operation is no sign-in')
  })
})

t.test('the trace of the client, where it is well-formed', async (t) => {
  const trace = '4bf92f3577b34da6a3ce929d0e0e4736'
  const of = async (traceparent: string) => (await logged({ url: '/api/user_info/', headers: { traceparent } }))[0]?.trace_id
  t.equal(await of(`00-${trace}-00f067aa0ba902b7-01`), trace)
  t.equal(await of(`01-${trace}-00f067aa0ba902b7-01-more`), trace)
  for (const wrong of [`00-${trace}`, `ff-${trace}-00f067aa0ba902b7-01`, `00-${trace}-${'0'.repeat(16)}-01`, '"']) {
    t.equal(await of(wrong), undefined, wrong)
  }
})

t.test('what is refused has its code; what is unknown has no operation', async (t) => {
  const fields = (line?: Record<string, unknown>) => Object.keys(line ?? {}).sort()
  const [unauthorized] = await logged({ url: '/api/user/1/' })
  t.match(unauthorized, {
    status: 401,
    error_code: 'not_authenticated',
    operation_id: 'getUser',
    route: '/api/user/:user_id/',
  })
  t.strictSame(fields(unauthorized), [...ALWAYS, 'operation_id', 'route', 'error_code'].sort())
  const { id, key } = directory.viewer
  const [forbidden] = await logged({ method: 'DELETE', url: '/api/user/1/', headers: { authorization: key } })
  t.match(forbidden, { status: 403, error_code: 'forbidden', operation_id: 'deleteUser', user_id: id, key_prefix: /^rst_/ })
  const [unknown] = await logged({ url: '/nothing' })
  t.match(unknown, { status: 404, error_code: 'not_found' })
  t.strictSame(fields(unknown), [...ALWAYS, 'error_code'].sort())
})

t.test('a path that can’t be decoded is logged as well', async (t) => {
  const [line] = await logged({ url: '/api/user/%zz/' })
  t.match(line, { status: 404, error_code: 'not_found', msg: 'answered' })
})

t.test('nothing that the client sent is logged', async (t) => {
  const mark = 'MaRk-9-'
  const headers = {
    authorization: superuser,
    'content-type': 'application/json',
    cookie: mark,
    'user-agent': mark,
    'x-mark': mark,
    referer: mark,
    'x-request-id': `${mark}_`,
  }
  const body = {
    username: `${mark}u`,
    email: `${mark}@mark.example`,
    password: `${mark}password`,
    profile: { groups: [mark] },
  }
  await directory.create({ username: `${mark}known`, password: `${mark}secret` })
  const signIns = [`${mark}known`, `${mark}unknown`, `${mark}\0`].flatMap((username) =>
    ['acme', mark].flatMap((tenant) =>
      [`${mark}secret`, `${mark}wrong`].flatMap((sent) =>
        [undefined, mark].map((client) => ({
          method: 'POST' as const,
          url: '/api/login/',
          payload: { username, password: sent },
          headers: { ...headers, authorization: mark, 'x-tenant': tenant, ...(client === undefined ? {} : { 'x-client-id': client }) },
        })),
      ),
    ),
  )
  const requests: (InjectOptions & { url: string })[] = [
    ...signIns,
    // Until the account has failed too often.
    ...Array.from({ length: 11 }, () => ({ ...signIns[2], url: '/api/login/' })),
    { method: 'POST', url: '/api/login/', headers, payload: `{"username": "${mark}` },
    { method: 'POST', url: '/api/login/', headers: { ...headers, 'content-type': 'text/plain' }, payload: `{"username": "${mark}"}` },
    { method: 'PUT', url: '/api/login/', headers, payload: { username: mark, password: mark } },
    { method: 'POST', url: `/api/user/?${mark}=${mark}`, headers, payload: body },
    { method: 'POST', url: '/api/user/', headers, payload: { ...body, email: `${mark}@` } },
    { method: 'POST', url: '/api/user/', headers, payload: `{"${mark}` },
    { method: 'GET', url: `/api/user/${mark}/`, headers },
    { method: 'GET', url: `/${mark}`, headers },
    { method: 'GET', url: `/api/user/%zz${mark}/`, headers },
    {
      method: 'GET',
      url: '/api/user_info/',
      headers: { ...headers, authorization: `Bearer ${mark}`, 'x-tenant': mark },
    },
  ]
  for (const request of requests) {
    const text = JSON.stringify(await logged(request))
    t.notMatch(text, new RegExp(mark, 'i'), `${String(request.method)} ${request.url}`)
    t.notMatch(text, superuser, 'nor the key')
  }
})

t.test('a 500 is logged with what failed, without values of statements', async (t) => {
  await withBrokenTable(db, 'user_count', async () => {
    const headers = { authorization: superuser, 'content-type': 'application/json' }
    const [failure, line, ...others] = await logged({
      method: 'POST',
      url: '/api/user/',
      headers,
      payload: { username: 'secretive', profile: {} },
    })
    t.strictSame(others, [])
    t.match(line, { status: 500, error_code: 'internal_error', msg: 'answered' })
    t.match(failure, {
      level: 'error',
      error_code: 'internal_error',
      error: { type: 'error', code: '42P01' },
      msg: 'request failed',
    })
    t.notMatch(JSON.stringify([failure, line]), /secretive|insert into|does not exist/)
  })
})

t.test('without onAnswer, an answer that is not as declared is logged and goes out', async (t) => {
  // A row that no release writes, so that the answer breaks the contract.
  const { id } = await directory.create({ username: 'longest' })
  await db
    .updateTable('user_account')
    .set({ first_name: 'x'.repeat(151) })
    .where('id', '=', id)
    .execute()
  const request = { url: `/api/user/${String(id)}/`, headers: { authorization: superuser } }
  const [fault, line] = await logged(request)
  t.match(fault, {
    level: 'error',
    operation_ids: ['getUser'],
    status: 200,
    undeclared_answers: 1,
    faults: ['first_name: must have 0 to 150 characters'],
    msg: 'the answer is not as the contract says',
  })
  t.match(line, { status: 200, msg: 'answered' })
  t.match(await logged(request), [{ undeclared_answers: 2 }, { status: 200 }], 'they are counted, and sent')
  t.equal((await directory.app.inject(request)).statusCode, 500, 'with an onAnswer that throws, it does not')
})
