import fastify, { type FastifyReply } from 'fastify'
import type { OperationId } from '../../src/handlers/seam.js'
import { type Answer, guardAnswers } from '../../src/http/exit-guard.js'
import { errorBody } from '../../src/http/problems.js'
import { makeDirectory } from '../helpers/directory.js'
import { thisFile } from '../helpers/this-file.js'

const t = thisFile()

const { app: real, superuser } = await makeDirectory(t)
const user = (await real.inject({ url: '/api/user_info/', headers: { authorization: superuser } })).json<
  Record<string, unknown>
>()
const withoutId = Object.fromEntries(Object.entries(user).filter(([name]) => name !== 'id'))
const HEADERS = { 'X-Request-Id': 'a', 'Cache-Control': 'no-store' }

// One application for all cases, since compiling the whole contract takes its time.
let current: { operation_ids: readonly OperationId[]; answer: (reply: FastifyReply) => unknown }
const seen: Answer[] = []
const app = fastify()
t.teardown(() => app.close())
guardAnswers(app, (answer) => seen.push(answer))
app.decorateRequest('operation_ids')
app.get('/', (request, reply) => {
  request.operation_ids = current.operation_ids
  void current.answer(reply)
})

/** What the guard says of an answer that a handler of these operations gives. */
async function guarded(
  operation_ids: readonly OperationId[],
  answer: (reply: FastifyReply) => unknown,
): Promise<Answer[]> {
  seen.length = 0
  current = { operation_ids, answer }
  await app.inject('/')
  return [...seen]
}

/** The guard's faults of an answer with the headers of every answer, and these. */
async function faultsOf(id: OperationId, status: number, body: unknown, headers: Record<string, unknown> = {}) {
  const own = id === 'getUser' && status === 200 ? { ETag: '"7.1"' } : {}
  const answers = await guarded([id], (reply) =>
    reply
      .code(status)
      .headers({ ...HEADERS, ...own, ...headers })
      .send(body),
  )
  return answers.map(({ status, faults }) => ({ status, faults }))
}

t.test('an answer as declared has no faults', async (t) => {
  t.strictSame(await faultsOf('getUser', 200, user), [{ status: 200, faults: [] }])
  t.strictSame(await faultsOf('deleteUser', 204, undefined), [{ status: 204, faults: [] }])
  t.strictSame(
    await faultsOf('getUser', 503, errorBody('unavailable', ['a'], 'a'), { 'Retry-After': '1' }),
    [{ status: 503, faults: [] }],
    'a header that is declared as an integer is one as text',
  )
  t.strictSame(
    await faultsOf('listUsers', 200, { count: 0, next: null, previous: null, results: [] }, { Connection: 'close' }),
    [{ status: 200, faults: [] }],
    'framing needs no declaration, an optional header may be absent',
  )
})

t.test('an answer that is not as declared', async (t) => {
  const error = errorBody('not_found', ['a'], 'a')
  const cases: readonly [string, OperationId, number, unknown, Record<string, unknown>, string][] = [
    ['undeclared status', 'getUser', 418, error, {}, 'getUser: status 418 is not declared'],
    ['undeclared success', 'getUser', 201, user, {}, 'getUser: status 201 is not declared'],
    ['undeclared header', 'getUser', 200, user, { 'X-Powered-By': 'x' }, 'x-powered-by: is an undeclared header'],
    ['header of another status', 'getUser', 200, user, { 'Retry-After': '1' }, 'retry-after: is an undeclared header'],
    [
      'missing header',
      'getUser',
      401,
      errorBody('not_authenticated', ['a'], 'a'),
      {},
      'www-authenticate: is missing or not as declared',
    ],
    [
      'header with another value',
      'getUser',
      200,
      user,
      { 'Cache-Control': 'public' },
      'cache-control: is missing or not as declared',
    ],
    [
      'header that is no integer',
      'getUser',
      503,
      errorBody('unavailable', ['a'], 'a'),
      { 'Retry-After': 'soon' },
      'retry-after: is missing or not as declared',
    ],
    ['entity tag that is none', 'getUser', 200, user, { ETag: '7.1' }, 'etag: is missing or not as declared'],
    ['missing field', 'getUser', 200, withoutId, {}, 'id: is required'],
    ['extra field', 'getUser', 200, { ...user, password_hash: 'x' }, {}, 'body: is not as the contract says'],
    ['mistyped field', 'getUser', 200, { ...user, email: null }, {}, 'email: must not be null'],
    ['extra field inside', 'getUser', 200, { ...user, emm: { secret: 'x' } }, {}, 'emm: is not as the contract says'],
    [
      'field out of bounds',
      'getUser',
      200,
      { ...user, id: 0 },
      {},
      'id: must be an integer from 1 to 9007199254740991',
    ],
    ['body where none is declared', 'deleteUser', 204, user, {}, 'body: is not declared'],
    ['no body where one is declared', 'getUser', 200, undefined, {}, 'body: must be an object'],
    ['error that is none', 'getUser', 404, { ...error, stack: 'x' }, {}, 'body: is not as the contract says'],
  ]
  for (const [name, id, status, body, headers, fault] of cases) {
    await t.test(name, async (t) =>
      t.strictSame(await faultsOf(id, status, body, headers), [{ status, faults: [fault] }]),
    )
  }
})

t.test('of a wrong method, all operations of the path declare the answer', async (t) => {
  const send = (reply: FastifyReply) =>
    reply
      .code(405)
      .headers({ ...HEADERS, Allow: 'GET' })
      .send(errorBody('method_not_allowed', ['a'], 'a'))
  t.strictSame(await guarded(['listUsers', 'createUser'], send), [
    { operation_ids: ['listUsers', 'createUser'], status: 405, faults: [] },
  ])
  const [answer] = await guarded(['getUser', 'deleteUser'], (reply) => reply.code(415).send({}))
  t.strictSame(answer?.faults, ['getUser: status 415 is not declared', 'deleteUser: status 415 is not declared'])
})

t.test('of an unknown path, errors must be as the schema Error says', async (t) => {
  const good = await guarded([], (reply) => reply.code(404).send(errorBody('not_found', ['a'], 'a')))
  t.strictSame(good, [{ operation_ids: [], status: 404, faults: [] }])
  const [bad] = await guarded([], (reply) =>
    reply.code(404).send({ ...errorBody('not_found', ['a'], 'a'), code: 'gone' }),
  )
  t.match(bad?.faults, [/^code: must be one of malformed_request, /])
  t.strictSame(await guarded([], (reply) => reply.send({ openapi: 'x' })), [], 'what is no error is not looked at')
})

t.test('faults never repeat a value', async (t) => {
  const [answer] = await faultsOf(
    'getUser',
    200,
    { ...user, email: 1, username: '\0MARK', MARK: 1 },
    { 'X-Mark': 'MARK' },
  )
  t.notMatch(JSON.stringify(answer), 'MARK')
})
