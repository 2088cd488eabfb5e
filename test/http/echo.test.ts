import { type Call, makeDirectory, withBrokenTable } from '../helpers/directory.js'
import { connect, listen, wireText } from '../helpers/raw.js'
import { thisFile } from '../helpers/this-file.js'

const t = thisFile()

const directory = await makeDirectory(t)
const { app, call, db, superuser: key, viewer, create } = directory
const port = await listen(app)

/** What a client sends in every place; nothing that looks like it may come back in an error. */
const MARK = 'zq9Mark'
const BACK_OFF = /timeout|timing out|too many requests/i

await create({ username: MARK, email: `${MARK}@mark.example` })
const self = `/user/${String(viewer.id)}/`
const JSON_TYPE = { 'content-type': 'application/json' }
const field = (name: string, value: unknown): Call => ({ key, json: { username: 'echo', profile: {}, [name]: value } })
const profile = (name: string, value: unknown): Call => field('profile', { [name]: value })

const calls: readonly [string, Call][] = [
  [`GET /${MARK}/`, {}],
  [`GET /user/${MARK}/`, { key }],
  [`GET /user/%zz${MARK}/`, { key }],
  [`DELETE /user/?${MARK}=${MARK}`, {}],
  ['PURGE /user/', {}],
  ['GET /user/', { headers: { authorization: MARK } }],
  ['GET /user/', { headers: { authorization: `Bearer rst_${MARK}_${'a'.repeat(43)}_0000000` } }],
  ['GET /user/', { key, headers: { host: `${MARK} ${MARK}` } }],
  ['GET /user_info/', { key, headers: { 'x-tenant': MARK } }],
  ['GET /user_info/', { key, headers: { 'x-client-id': MARK } }],
  ...['limit', 'offset'].map((name) => [`GET /user/?${name}=${MARK}`, { key }] as [string, Call]),
  [`GET /user/?username=${MARK}%00`, { key }],
  [`GET /user/?email=${MARK}&email=${MARK}`, { key }],
  ['POST /user/', { key: viewer.key, json: { [MARK]: MARK } }],
  ['POST /user/', { key, payload: MARK }],
  ['POST /user/', { key, payload: '{}', headers: { 'content-type': MARK } }],
  ['POST /user/', { key, payload: '{}', headers: { ...JSON_TYPE, 'content-encoding': MARK } }],
  ['POST /user/', { key, payload: `{"${MARK}`, headers: JSON_TYPE }],
  ['POST /user/', { key, payload: MARK.repeat(50_000), headers: JSON_TYPE }],
  ['POST /user/', { key, json: MARK }],
  ['POST /user/', { key, json: [MARK] }],
  ['POST /user/', { key, json: { [MARK]: { [MARK]: MARK } } }],
  ['POST /user/', field('username', MARK.repeat(50))],
  ['POST /user/', field('username', ` ${MARK}`)],
  ['POST /user/', field('username', { [MARK]: 1 })],
  ['POST /user/', field('username', MARK.toUpperCase())],
  ['POST /user/', field('email', MARK)],
  ['POST /user/', field('email', `${MARK}@mark.example`)],
  ['POST /user/', field('first_name', `${MARK}\n`)],
  ['POST /user/', field('is_active', MARK)],
  ['POST /user/', field('password', MARK)],
  ['POST /user/', field('password', 'timeout')],
  ['POST /user/', { key, json: { username: `${MARK}-long`, password: `${MARK}-long`, profile: {} } }],
  ['POST /user/', field('profile', MARK)],
  ['POST /user/', profile('role', MARK)],
  ['POST /user/', profile('groups', MARK)],
  ['POST /user/', profile('groups', [{ [MARK]: MARK }, MARK.repeat(20), ''])],
  [
    'POST /user/',
    profile(
      'groups',
      Array.from({ length: 201 }, (_, at) => `${MARK}${String(at)}`),
    ),
  ],
  ['POST /user/', profile('authz_role_id', MARK.repeat(50))],
  ['POST /user/', profile('enterprise', MARK)],
  ['POST /user/', profile('enterprise', '00000000-0000-4000-8000-000000000000')],
  [`PATCH ${self}`, { key: viewer.key, json: { email: `${MARK}@mark.example`, username: MARK } }],
  [`PATCH ${self}`, { key, json: { username: MARK } }],
  ['PATCH /user/9007199254740991/', { key, json: { first_name: MARK } }],
]

t.test('no error repeats what the client sent, or has the words for an overload', async (t) => {
  for (const [request, sent] of calls) {
    const answer = await call(request, sent)
    const text = JSON.stringify([answer.headers, answer.body])
    t.ok(answer.statusCode >= 400 && answer.statusCode < 500, `${request} is refused`)
    t.notMatch(text, new RegExp(MARK, 'i'), `${request} ${JSON.stringify(sent).slice(0, 80)}`)
    t.notMatch(text, BACK_OFF)
  }
})

t.test('nor does a 500', async (t) => {
  await withBrokenTable(db, 'user_count', async () => {
    const answer = await call('POST /user/', { key, json: { username: `${MARK}-500`, profile: { groups: [MARK] } } })
    t.equal(answer.statusCode, 500)
    t.notMatch(
      answer.body,
      new RegExp(`${MARK}|user_count|relation|node_modules|\\.js|select|insert|timeout|timing out`, 'i'),
    )
  })
})

t.test('nor does what is no HTTP', async (t) => {
  const requests = [
    `${MARK}\r\n\r\n`,
    wireText(`GET /${MARK}`, [MARK]),
    wireText(`GET /${MARK} ${MARK}`),
    wireText('POST /api/user/', [`Content-Length: ${MARK}`]),
    wireText('GET /api/user/', [`X-Long: ${MARK.repeat(3000)}`]),
    wireText('GET /api/user/', [`Host: ${MARK}/`, `Authorization: ${key}`]),
    wireText('GET /nothing', [`X-Request-Id: ${MARK}_`]),
  ]
  for (const request of requests) {
    const { statusCode, body, headers } = await (await connect(t, port)).send(request).answer()
    t.ok([400, 404].includes(statusCode))
    t.notMatch(JSON.stringify([headers, body]), new RegExp(MARK, 'i'), request.slice(0, 60))
    t.notMatch(body, BACK_OFF)
  }
})
