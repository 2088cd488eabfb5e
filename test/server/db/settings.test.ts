import type { OperationId } from '../../../src/handlers/seam.js'
import { operations } from '../../../generated/operations.js'
import { buildApp } from '../../../src/app.js'
import { makePasswords } from '../../../src/auth/passwords.js'
import { openDatabase } from '../../../src/db/database.js'
import { createEnterprise } from '../../../src/users/enterprise.js'
import { runHere } from '../../helpers/command.js'
import { freshStore, testConfig } from '../../helpers/database.js'
import { onDatabase } from '../../helpers/own-postgres.js'
import { thisFile } from '../../helpers/this-file.js'

const t = thisFile()

const password = 'correct horse battery staple'

/** Hides what differs each time: keys, numbers drawn at random, hashes and moments. The form of a moment stays. */
function masked(text: string): string {
  return text
    .replaceAll(/\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z/g, 'MILLISECONDS')
    .replaceAll(/\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{6}Z/g, 'MICROSECONDS')
    .replaceAll(/\brst_\w+/g, 'KEY')
    .replaceAll(/\b[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f-]{22}\b/g, 'UUID')
    .replaceAll(/\b[0-9a-f]{64}\b/g, 'HASH')
    .replaceAll(/"enterprise":\d+/g, 'ENTERPRISE')
}

/** Asks every operation, and the commands that read times. Returns what each answered. */
async function answersOn(url: string, env: Record<string, string>): Promise<string[]> {
  const store = { DATABASE_URL: url }
  const config = testConfig(store, env)
  const db = openDatabase(config)
  const answers: string[] = []
  const asked = new Set<OperationId>()
  const app = await buildApp(config, {
    db,
    passwords: makePasswords(config),
    onAnswer: ({ faults, operation_ids }) => {
      answers.push(...faults.map((fault) => JSON.stringify(fault)))
      for (const id of operation_ids) asked.add(id)
    },
  })
  const roster = async (...args: string[]): Promise<void> => {
    const { code, out, note } = await runHere({ ...store, ...env }, ...args)
    answers.push(masked([args.join(' '), String(code), ...out, ...note].join('\n')))
  }
  try {
    const { api_key, user_id } = await createEnterprise(db, 'acme', { username: 'alice', email: 'alice@acme.example' })
    const send = async (request: string, json?: object, headers: Record<string, string> = {}) => {
      const [method = '', path = ''] = request.split(' ')
      const answer = await app.inject({
        method: method as 'GET',
        url: `/api${path}`,
        headers: { authorization: `Bearer ${api_key}`, ...headers },
        ...(json === undefined ? {} : { payload: json }),
      })
      answers.push(masked(`${request} ${String(answer.statusCode)} ${answer.body}`))
      return answer
    }
    const bob = { username: 'bob', email: 'bob@acme.example', password, profile: { groups: ['a,"\\', 'NULL', 'ö'] } }
    const once = { 'idempotency-key': 'once-and-only-once' }
    const made = await send('POST /user/', bob, once)
    await send('POST /user/', bob, once)
    await send('POST /user/', { username: 'bob', profile: {} })
    await send('POST /user/', { username: 'björn \\ O\'B"', profile: {} })
    const path = `/user/${String(made.json<{ id: number }>().id)}/`
    const self = `/user/${String(user_id)}/`
    // Many at once are one look-up, some of whose keys ask for no user beside their owner.
    await Promise.all(['/user_info/', path, self, '/user/0/', '/user/999/', '/user_info/'].map((one) => send(`GET ${one}`)))
    await send('GET /user/')
    await send('GET /user/?limit=1&offset=1')
    await send('GET /user/?username=bob')
    const changed = await send(`PATCH ${path}`, { first_name: 'B\\ob' })
    await send(`PATCH ${path}`, { first_name: 'x' }, { 'if-match': String(made.headers.etag) })
    await send(`PUT ${path}`, { ...bob, last_name: "O'B", is_active: true }, { 'if-match': String(changed.headers.etag) })
    await send('POST /login/', { username: 'bob', password: 'wrong' }, { 'x-tenant': 'acme' })
    const signedIn = await send('POST /login/', { username: 'bob', password }, { 'x-tenant': 'acme' })
    await send('GET /v1/token-info/')
    const key = await send(`POST ${self}api_key/`, { name: 'laptop' })
    await send(`GET ${self}api_key/`)
    const { id } = key.json<{ id: string }>()
    await send(`POST ${self}api_key/${id}/rotate/`)
    await send(`DELETE ${self}api_key/${id}/`)
    await send('POST /logout/', undefined, { authorization: `Bearer ${signedIn.json<{ api_key: { key: string } }>().api_key.key}` })
    await send('GET /audit/')
    await send(`DELETE ${path}`)
    await roster('client', 'add', 'web', '--enterprise', 'acme')
    await roster('client', 'list', '--enterprise', 'acme', '--json')
    await roster('enterprise', 'list', '--json')
    await roster('key', 'create', 'alice', '--enterprise', 'acme', '--json')
    await roster('key', 'list', '--enterprise', 'acme', '--json')
    await roster('audit', 'verify', '--enterprise', 'acme', '--json')
    await roster('audit', 'export', '--enterprise', 'acme')
    await roster('audit', 'prune', '--enterprise', 'acme', '--before', '2020-01-01T00:00:00Z', '--json')
    await roster('verify', '--json')
    answers.push(`not asked: ${Object.keys(operations).filter((one) => !asked.has(one as OperationId)).join()}`)
    return answers
  } finally {
    await app.close()
    await db.destroy()
  }
}

const SETTINGS: readonly (readonly [name: string, value: string])[] = [
  ['DateStyle', 'German'],
  ['DateStyle', 'SQL, DMY'],
  ['DateStyle', 'Postgres, MDY'],
  ['IntervalStyle', 'sql_standard'],
  ['TimeZone', 'America/St_Johns'],
  ['TimeZone', 'XXX-01:02'],
  ['TimeZone', 'XXX+01:02'],
  ['bytea_output', 'escape'],
  ['extra_float_digits', '-15'],
  ['standard_conforming_strings', 'off'],
  ['backslash_quote', 'off'],
  ['escape_string_warning', 'on'],
  ['array_nulls', 'off'],
  ['transform_null_equals', 'on'],
  ['quote_all_identifiers', 'on'],
  ['xmloption', 'document'],
  ['row_security', 'off'],
  ['client_encoding', 'LATIN1'],
  ['client_min_messages', 'debug5'],
  ['lc_messages', 'C'],
  ['default_transaction_isolation', 'serializable'],
  ['default_transaction_isolation', 'repeatable read'],
  ['default_transaction_deferrable', 'on'],
  ['plan_cache_mode', 'force_custom_plan'],
  ['enable_indexscan', 'off'],
  ['enable_sort', 'off'],
  ['enable_nestloop', 'off'],
  ['synchronous_commit', 'off'],
  ['idle_in_transaction_session_timeout', '60s'],
]

const { DATABASE_URL: url } = (await freshStore(t)) as { DATABASE_URL: string }
const database = new URL(url).pathname.slice(1)

/** Empties the database, and gives it these settings alone. */
async function give(settings: typeof SETTINGS): Promise<void> {
  await onDatabase(url, `alter database ${database} reset all`)
  await onDatabase(url, 'truncate enterprise, sign_in_failure restart identity cascade')
  for (const [name, value] of settings) {
    await onDatabase(url, `alter database ${database} set ${name} = ${name === 'DateStyle' ? value : `'${value}'`}`)
  }
}

// As behind a pooler, which drops or refuses what a session is told when it begins.
const POOLED = { ROSTER_SESSION_LIMITS: 'off' }

await give([])
const expected = await answersOn(url, {})

t.test('the answers that are compared are those of every operation', async (t) => {
  t.equal(expected.at(-1), 'not asked: ')
  t.ok(expected.some((answer) => answer.startsWith('GET /audit/ 200')))
  t.notOk(expected.some((answer) => / 500 /.test(answer.slice(0, 60))))
})

t.test('no setting of a database changes an answer, though a session is told none', async (t) => {
  for (const setting of SETTINGS) {
    await give([setting])
    t.strictSame(await answersOn(url, POOLED), expected, setting.join(' = '))
  }
})

t.test('creates and sign-ins at once, behind a pooler, where transactions are serializable by default', async (t) => {
  await give([['default_transaction_isolation', 'serializable']])
  const config = testConfig({ DATABASE_URL: url }, POOLED)
  const db = openDatabase(config)
  const app = await buildApp(config, { db, passwords: makePasswords(config) })
  const { api_key } = await createEnterprise(db, 'acme', { username: 'alice', email: '' })
  const statuses = await Promise.all(Array.from({ length: 60 }, async (_, n) =>
    (await app.inject({ method: 'POST', url: '/api/user/', headers: { authorization: api_key }, payload: { username: `u${String(n)}`, profile: {} } })).statusCode))
  await app.inject({ method: 'PATCH', url: '/api/user/1/', headers: { authorization: api_key }, payload: { password } })
  const signIns = await Promise.all(Array.from({ length: 8 }, async () =>
    (await app.inject({ method: 'POST', url: '/api/login/', headers: { 'x-tenant': 'acme' }, payload: { username: 'alice', password } })).statusCode))
  await app.close()
  await db.destroy()
  t.strictSame(statuses, statuses.map(() => 201))
  t.strictSame(signIns, signIns.map(() => 200))
})

t.test('nor do all of them, where a session is told its own', async (t) => {
  await give([...SETTINGS, ['exit_on_error', 'on']])
  t.strictSame(await answersOn(url, {}), expected)
})

t.test('nor do those of the URL', async (t) => {
  const optioned = new URL(url)
  optioned.searchParams.set('options', '-c DateStyle=German -c TimeZone=Asia/Kathmandu')
  for (const env of [POOLED, {}]) {
    await give([])
    t.strictSame(await answersOn(optioned.href, env), expected)
  }
})
