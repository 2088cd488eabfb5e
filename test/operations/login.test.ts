import { setTimeout as delay } from 'node:timers/promises'
import { sql } from 'kysely'
import { buildApp } from '../../src/app.js'
import { parseKey } from '../../src/auth/keys.js'
import { makePasswords, type Passwords } from '../../src/auth/passwords.js'
import type { AuditEntry } from '../../src/db/audit-chain.js'
import { clientWritesOf } from '../../src/db/clients.js'
import { deleteEndedTries } from '../../src/db/sign-ins.js'
import { findEnterprise } from '../../src/db/enterprises.js'
import type { Problem } from '../../src/errors.js'
import type { ErrorBody } from '../../src/http/problems.js'
import { overloaded } from '../../src/overload.js'
import type { ApiKeyMade } from '../../src/users/api-keys.js'
import { makeSignIn } from '../../src/users/sign-in.js'
import type { User } from '../../src/users/user.js'
import { verifyEmail } from '../../src/users/verified.js'
import { testConfig } from '../helpers/database.js'
import { closeLedger, isError, makeDirectory, withBrokenTable, withLostDatabase } from '../helpers/directory.js'
import { keysIn } from '../helpers/keys.js'
import { thisFile } from '../helpers/this-file.js'
import { watchAll } from '../helpers/watched.js'

const t = thisFile()

const [TRIES, NETWORK_TRIES] = [3, 8]
const limits = {
  ROSTER_SIGN_IN_TRIES: String(TRIES), ROSTER_SIGN_IN_NETWORK_TRIES: String(NETWORK_TRIES), ROSTER_KEYS_PER_USER: '3',
  ROSTER_SIGN_IN_KEY_MS: '3600000', ROSTER_TRUSTED_PROXIES: '10.0.0.1',
}
const directory = await makeDirectory(t, limits)
const { call, create, superuser, viewer, db, store, answers } = directory
const { works, list, make, expire } = keysIn(directory)
const password = 'correct horse battery staple'
const acme = (await findEnterprise(db, 'acme'))!

interface Sent {
  readonly username?: string
  readonly password?: string
  readonly tenant?: string | undefined
  readonly client?: string
  readonly from?: string
}

let networks = 0
/** An address that nothing came from yet. */
const fresh = (): string => `203.0.${String(networks >> 8)}.${String(networks++ & 255)}`
const headersOf = ({ tenant, client }: Sent) => ({
  ...(tenant === undefined ? {} : { 'x-tenant': tenant }),
  ...(client === undefined ? {} : { 'x-client-id': client }),
})
const login = ({ username = 'vera', password: sent = password, from = fresh(), ...more }: Sent = {}) =>
  call('POST /login/', {
    json: { username, password: sent },
    headers: headersOf({ tenant: 'acme', ...more }),
    remoteAddress: from,
  })
const enter = async (sent: Sent = {}) => {
  const answer = await login(sent)
  if (answer.statusCode !== 200) throw new Error(answer.body)
  return answer.json<{ api_key: ApiKeyMade; user: User }>()
}
const revocationsOf = async (id: number) =>
  (await call(`GET /audit/?user_id=${String(id)}&limit=1000`, { key: superuser }))
    .json<{ results: AuditEntry[] }>()
    .results.filter(({ action }) => action === 'key.revoke')
    .map(({ target }) => target)
const change = (id: number, json: object, key = superuser) => call(`PATCH /user/${String(id)}/`, { key, json })

await change(viewer.id, { password })
await create({ username: 'locked', password, is_active: false })
await create({ username: 'mute' })
await verifyEmail(db, acme, 'vera')
await db.transaction().execute((trx) => clientWritesOf(trx, acme.id).insert('console'))

t.test('200', async (t) => {
  await t.test('a key that works, for as long as is set, and the user with its last sign-in', async (t) => {
    const before = Date.now()
    const { api_key, user } = await enter()
    t.match(api_key, { kind: 'sign-in', name: 'sign-in', read_only: false, replaced_on: null })
    t.ok(Math.abs(Date.parse(api_key.expires_on) - Date.now() - 3_600_000) < 60_000)
    t.match(user, { id: viewer.id, username: 'vera', token: null })
    t.ok(Date.parse(user.last_login!) >= before)
    t.equal((await call('GET /user_info/', { key: api_key.key })).json<User>().last_login, user.last_login)
    await expire(api_key.id)
    t.notOk(await works(api_key.key))
  })
  await t.test('the name without case, the verified address, a client, and a key that is sent is not looked at', async (t) => {
    for (const username of ['VERA', 'vera@acme.example', 'Vera@Acme.Example']) t.equal((await enter({ username })).user.id, viewer.id)
    t.equal((await enter({ client: 'console' })).api_key.name, 'console')
    const json = { username: 'vera', password, remember: true }
    const answer = await call('POST /login', { key: 'x', json, headers: { 'x-tenant': 'acme' }, remoteAddress: fresh() })
    t.equal(answer.statusCode, 200)
  })
  await t.test('a name comes before an address', async (t) => {
    const other = await create({ username: 'taken@acme.example', password })
    const owner = await create({ username: 'owner', email: 'taken@acme.example', password: 'another fine password' })
    await verifyEmail(db, acme, 'owner')
    t.equal((await enter({ username: 'taken@acme.example' })).user.id, other.id)
    t.equal((await login({ username: 'taken@acme.example', password: 'another fine password' })).statusCode, 401)
    t.equal((await enter({ username: 'owner', password: 'another fine password' })).user.id, owner.id)
  })
  await t.test('who has too many keys of sign-ins loses the oldest; made keys stay', async (t) => {
    const made = await make(viewer.key, viewer.id)
    const keys: string[] = []
    for (let i = 0; i < 4; i++) keys.push((await enter()).api_key.key)
    t.strictSame(await Promise.all(keys.map(works)), [false, true, true, true])
    t.ok(await works(made.key))
    t.equal((await list(viewer.key, viewer.id)).filter(({ kind }) => kind === 'sign-in').length, 3)
    const { api_key: oldest } = await enter()
    for (let i = 0; i < 3; i++) await enter()
    t.equal((await revocationsOf(viewer.id)).at(-1), oldest.prefix, 'with an entry')
  })
  await t.test('a hash with outdated parameters is made anew, and only then', async (t) => {
    const hashOf = async () =>
      (await db.selectFrom('user_account').select('password_hash').where('id', '=', viewer.id).executeTakeFirstOrThrow()).password_hash!
    const before = await hashOf()
    await enter()
    t.equal(await hashOf(), before)
    const config = testConfig(store, { ...limits, ROSTER_ARGON2_PASSES: '2' })
    const [deps, who] = [{ db, config, passwords: makePasswords(config) }, { username: 'vera', password, tenant: 'acme', client: undefined, request_id: 'r-1', waiter: { hasLeft: false } }]
    const signIn = makeSignIn(deps)
    await signIn({ ...who, address: fresh() })
    const after = await hashOf()
    t.match(after, 'm=8,t=2,p=1')
    await signIn({ ...who, address: fresh() })
    t.equal(await hashOf(), after)
    await enter()
    t.match(await hashOf(), 'm=8,t=1,p=1')
  })
})

t.test('400', async (t) => {
  const send = (json: unknown) => call('POST /login/', { json, headers: { 'x-tenant': 'acme' }, remoteAddress: fresh() })
  isError(t, await send({}), 400, 'validation_failed', ['username: is required', 'password: is required'])
  isError(t, await send({ username: 1, password: null }), 400, 'validation_failed', ['username: must be a string', 'password: must not be null'])
  isError(t, await send({ username: 'a\0', password: 'x'.repeat(4097) }), 400, 'validation_failed')
  isError(t, await call('POST /login/', { payload: '{' , headers: { 'content-type': 'application/json' } }), 400, 'malformed_json')
  isError(t, await call('POST /login/', { json: {}, headers: { host: 'a/b' } }), 400, 'malformed_request')
})

t.test('401: every refusal is the same answer, by the same statements and one verification', async (t) => {
  const { watched, statements } = watchAll(db)
  const config = testConfig(store, limits)
  const real = makePasswords(config)
  let verified = 0
  let hashed = 0
  const passwords: Passwords = {
    ...real,
    verify: (hash, sent) => {
      verified++
      return real.verify(hash, sent)
    },
    hash: (sent) => {
      hashed++
      return real.hash(sent)
    },
  }
  const app = await buildApp(config, { db: watched, passwords, onAnswer: (answer) => answers.push(answer) })
  const refusals: Record<string, Sent> = {
    'an unknown enterprise': { tenant: 'nowhere' },
    'no enterprise': { tenant: undefined },
    'what can be none': { tenant: 'Acme' },
    'the enterprise of another': { tenant: 'globex' },
    'an unknown client': { client: 'nobody' },
    'an unknown user': { username: 'nobody' },
    'no user': { username: '' },
    'the name of no length that a name has': { username: 'x'.repeat(254) },
    'an address that is not verified': { username: 'adam@acme.example' },
    'a wrong password': { password: 'incorrect horse' },
    'an empty password': { password: '' },
    'a long password': { password: 'x'.repeat(4096) },
    'an inactive user': { username: 'locked' },
    'a user without password': { username: 'mute', password: '' },
  }
  const seen: Record<string, unknown> = {}
  for (const [name, { username = 'vera', password: sent = password, ...more }] of Object.entries(refusals)) {
    statements.length = 0
    verified = 0
    const answer = await app.inject({
      method: 'POST',
      url: '/api/login/',
      headers: { 'content-type': 'application/json', ...headersOf({ tenant: 'acme', ...more }) },
      payload: JSON.stringify({ username, password: sent }),
      remoteAddress: fresh(),
    })
    const { request_id, ...body } = answer.json<ErrorBody>()
    t.ok(request_id)
    const { 'x-request-id': id, date, ...headers } = answer.headers
    t.ok(id !== undefined && date !== undefined)
    seen[name] = { status: answer.statusCode, body, headers, statements: [...statements], verified }
  }
  const [expected] = Object.values(seen) as [{ statements: string[] }]
  t.match(expected, {
    status: 401,
    body: { code: 'invalid_credentials', errors: ['Invalid or missing credentials.'] },
    headers: { 'www-authenticate': 'Bearer', 'cache-control': 'no-store' },
    verified: 1,
  })
  t.equal(expected.statements.length, 4)
  for (const [name, one] of Object.entries(seen)) t.strictSame(one, expected, name)
  t.equal(hashed, 0)
  await app.close()
})

t.test('401: what changes while the password is compared', async (t) => {
  const config = testConfig(store, limits)
  const real = makePasswords(config)
  const { id } = await create({ username: 'quick', password })
  /** Signs in, with something done after the password was found right. */
  const meanwhile = (work: () => Promise<unknown>) => {
    const verify: Passwords['verify'] = async (hash, sent) => {
      const isRight = await real.verify(hash, sent)
      await work()
      return isRight
    }
    const who = { username: 'quick', password, tenant: 'acme', client: undefined, address: fresh(), request_id: 'r-1', waiter: { hasLeft: false } }
    return makeSignIn({ db, config, passwords: { ...real, verify } })(who)
  }
  await t.rejects(meanwhile(() => change(id, { password: 'another fine password' })), { code: 'invalid_credentials' }, 'the password')
  await change(id, { password })
  await t.rejects(meanwhile(() => change(id, { is_active: false })), { code: 'invalid_credentials' }, 'deactivated')
  await change(id, { is_active: true })
  t.match(await meanwhile(async () => undefined), { user: { id } })
  await t.rejects(meanwhile(() => call(`DELETE /user/${String(id)}/`, { key: superuser })), { code: 'invalid_credentials' }, 'deleted')
})

t.test('a change of the password revokes keys of sign-ins, the one that sent it too, and leaves made keys', async (t) => {
  const { id } = await create({ username: 'paul', password })
  const [here, there] = [await enter({ username: 'paul' }), await enter({ username: 'paul' })]
  const made = await make(here.api_key.key, id)
  const again = 'another fine password'
  t.equal((await change(id, { first_name: 'Paul' }, here.api_key.key)).statusCode, 200)
  t.ok(await works(there.api_key.key), 'another change revokes none')
  t.equal((await change(id, { password: again }, here.api_key.key)).statusCode, 200)
  t.strictSame(await Promise.all([here.api_key.key, there.api_key.key, made.key].map(works)), [false, false, true])
  t.strictSame(await revocationsOf(id), [here.api_key.prefix, there.api_key.prefix], 'with an entry for each')
  t.equal((await login({ username: 'paul' })).statusCode, 401)
  t.equal((await enter({ username: 'paul', password: again })).user.id, id)
})

t.test('429', async (t) => {
  const wrong = 'incorrect horse'
  const told = (most: number) => [`sign-ins: at most ${String(most)} may fail in 900 seconds`]
  await t.test('an account and network: also with the right password, whether there is such an account or not', async (t) => {
    for (const who of [{ username: 'vera' }, { username: 'nobody' }, { tenant: 'nowhere' }, { username: 'mute' }]) {
      const from = fresh()
      for (let i = 0; i < TRIES; i++) t.equal((await login({ ...who, password: wrong, from })).statusCode, 401)
      const refused = await login({ ...who, from })
      isError(t, refused, 429, 'too_many_attempts', told(TRIES))
      t.match(refused.json<ErrorBody>().message, /^Too many requests/)
      const after = Number(refused.headers['retry-after'])
      t.ok(after > 890 && after <= 900, String(after))
      t.equal((await login({ username: 'adam', password: wrong, from })).statusCode, 401, 'another account is not stopped')
    }
    t.equal((await login()).statusCode, 200, 'nor another network')
  })
  await t.test('a success forgets the failures before it', async (t) => {
    const from = fresh()
    for (let round = 0; round < 3; round++) {
      for (let i = 1; i < TRIES; i++) await login({ password: wrong, from })
      t.equal((await login({ from })).statusCode, 200)
    }
  })
  await t.test('a network: whomever it tries; where somebody signed in before, others do not count', async (t) => {
    const from = fresh()
    t.equal((await login({ from })).statusCode, 200)
    for (let i = 0; i < NETWORK_TRIES; i++) await login({ username: `nobody-${String(i)}`, password: wrong, from })
    isError(t, await login({ username: 'nobody-99', from }), 429, 'too_many_attempts', told(NETWORK_TRIES))
    isError(t, await login({ username: 'paul', password: 'another fine password', from }), 429, 'too_many_attempts', told(NETWORK_TRIES))
    t.equal((await login({ from })).statusCode, 200, 'the owner is not kept out')
    for (let i = 0; i < TRIES; i++) t.equal((await login({ password: wrong, from })).statusCode, 401)
    isError(t, await login({ from }), 429, 'too_many_attempts', told(TRIES))
    t.equal((await login()).statusCode, 200)
  })
  await t.test('many at once get no further than one after the other, on two servers', async (t) => {
    const config = testConfig(store, limits)
    const other = await buildApp(config, { db, passwords: makePasswords(config), onAnswer: (answer) => answers.push(answer) })
    const remoteAddress = fresh()
    const request = {
      method: 'POST', url: '/api/login/', remoteAddress,
      headers: { 'x-tenant': 'acme', 'content-type': 'application/json' }, payload: JSON.stringify({ username: 'vera', password: wrong }),
    } as const
    const outcomes = await Promise.all(Array.from({ length: 20 }, (_, i) => (i % 2 ? directory.app : other).inject(request)))
    t.equal(outcomes.filter(({ statusCode }) => statusCode === 401).length, TRIES)
    t.equal(outcomes.filter(({ statusCode }) => statusCode === 429).length, 20 - TRIES)
    await other.close()
  })
  await t.test('a /64 is one network, and only a trusted proxy says whose it is', async (t) => {
    for (let i = 0; i < TRIES; i++) await login({ password: wrong, from: `2001:db8::${String(i + 1)}` })
    t.equal((await login({ from: '2001:db8::99' })).statusCode, 429)
    t.equal((await login({ from: '2001:db8:0:1::1' })).statusCode, 200)
    const forwarded = async (from: string, address: string) =>
      (await call('POST /login/', {
        json: { username: 'vera', password: wrong }, remoteAddress: from,
        headers: { 'x-tenant': 'acme', 'x-forwarded-for': address },
      })).statusCode
    const stranger = fresh()
    for (let i = 0; i < TRIES; i++) await forwarded(stranger, `198.51.100.${String(i)}`)
    t.equal(await forwarded(stranger, '198.51.100.99'), 429, 'a stranger does not choose its network')
    for (let i = 0; i < TRIES; i++) t.equal(await forwarded('10.0.0.1', `198.51.100.${String(i)}`), 401)
    t.equal(await forwarded('10.0.0.1', '198.51.100.99'), 401)
    for (const address of ['198.51.100.200:49152', '[2001:db8:0:2::1]:443']) {
      for (let i = 0; i < TRIES; i++) t.equal(await forwarded('10.0.0.1', address), 401)
      t.equal(await forwarded('10.0.0.1', address), 429)
    }
    t.equal(await forwarded('10.0.0.1', '198.51.100.201:49152'), 401, 'with a port it is still a client of its own')
    t.equal(await forwarded('10.0.0.1', '[2001:db8:0:3::1]:443'), 401)
    for (let i = 0; i < TRIES; i++) t.equal(await forwarded('10.0.0.2', 'unknown'), 401)
    t.equal(await forwarded('10.0.0.2', '_hidden'), 429, 'what is no address counts as the proxy')
    t.equal(await forwarded('10.0.0.3', 'unknown'), 401, 'and not as another one')
  })
  await t.test('until the window ends; what ended is deleted', async (t) => {
    const from = fresh()
    for (let i = 0; i <= TRIES; i++) await login({ password: wrong, from })
    t.equal((await login({ from })).statusCode, 429)
    await sql`update sign_in_failure set ends_on = now() - interval '1 second'`.execute(db)
    t.equal((await login({ password: wrong, from })).statusCode, 401)
    await deleteEndedTries(db)
    const { length } = await db.selectFrom('sign_in_failure').selectAll().execute()
    t.equal(length, 2, 'of the last try alone')
    t.notMatch(JSON.stringify(await db.selectFrom('sign_in_failure').selectAll().execute()), 'vera')
  })
})

t.test('a sign-in is no edit: updated_on stays, the tag is another one, and one from before it still holds', async (t) => {
  const { id } = await create({ username: 'tagged', password })
  const path = `/user/${String(id)}/`
  const get = () => call(`GET ${path}`, { key: superuser })
  const before = await get()
  const changeIf = (first_name: string, tag: unknown) =>
    call(`PATCH ${path}`, { key: superuser, json: { first_name }, headers: { 'if-match': String(tag) } })
  const { user } = await enter({ username: 'tagged' })
  const after = await get()
  t.strictSame(after.json<User>(), { ...before.json<User>(), last_login: user.last_login })
  t.not(after.headers.etag, before.headers.etag)
  const changed = await changeIf('A', before.headers.etag)
  t.equal(changed.statusCode, 200, 'from before the sign-in')
  t.equal(changed.headers.etag, (await get()).headers.etag)
  await enter({ username: 'tagged' })
  for (const { headers } of [before, after]) isError(t, await changeIf('B', headers.etag), 412, 'precondition_failed')
  t.equal((await changeIf('', changed.headers.etag)).statusCode, 200, 'undone')
  await enter({ username: 'tagged' })
  isError(t, await changeIf('B', changed.headers.etag), 412, 'precondition_failed')
  const now = (await get()).headers.etag
  await enter({ username: 'tagged' })
  t.equal((await call(`DELETE ${path}`, { key: superuser, headers: { 'if-match': String(now) } })).statusCode, 204)
})

t.test('networks are kept of the last sign-ins alone, and deleted with the user', async (t) => {
  const { id } = await create({ username: 'nomad', password })
  const kept = () => db.selectFrom('sign_in_network').select('network').where('user_id', '=', id).orderBy('last_on').execute()
  const from = Array.from({ length: 22 }, fresh)
  for (const one of from) await enter({ username: 'nomad', from: one })
  t.strictSame((await kept()).map(({ network }) => network), from.slice(2))
  t.equal((await call(`DELETE /user/${String(id)}/`, { key: superuser })).statusCode, 204)
  t.strictSame(await kept(), [])
})

t.test('right passwords at once: none is refused for the others, and none stays counted', async (t) => {
  const right = async (who: readonly Sent[]) => (await Promise.all(who.map(login))).filter(({ statusCode }) => statusCode === 200)
  const count = () => sql<{ n: number; held: number }>`select n, held from sign_in_failure where n <> 0 or held <> 0`.execute(db)
  await sql`delete from sign_in_failure`.execute(db)
  await t.test('one account', async (t) => {
    const many = await right(Array<Sent>(20).fill({ from: fresh() }))
    t.equal(many.length, 20)
    t.equal(new Set(many.map((answer) => parseKey(answer.json<{ api_key: ApiKeyMade }>().api_key.key)!.hash)).size, 20)
  })
  await t.test('many accounts behind one address', async (t) => {
    const names = Array.from({ length: 3 * NETWORK_TRIES }, (_, i) => `desk-${String(i)}`)
    for (const username of names) await create({ username, password })
    const from = fresh()
    t.equal((await right(names.map((username) => ({ username, from })))).length, names.length)
  })
  t.strictSame((await count()).rows, [])
})

t.test('a right password among wrong ones at once, as many as may fail but one', async (t) => {
  const from = fresh()
  const guesses = Array.from({ length: TRIES - 1 }, () => login({ password: 'incorrect horse', from }))
  const answers = await Promise.all([...guesses, login({ from })])
  t.strictSame(answers.map(({ statusCode }) => statusCode), [...guesses.map(() => 401), 200])
})

t.test('503: too many wait for others; tries that were not compared do not count', async (t) => {
  const config = testConfig(store, { ...limits, ROSTER_HASH_QUEUE: '2' })
  const real = makePasswords(config)
  let isBusy = true
  const verify: Passwords['verify'] = async (hash, sent, waiter) => {
    while (isBusy) await delay(5)
    if (sent === 'dropped') throw overloaded('hashes')
    return real.verify(hash, sent, waiter)
  }
  const signIn = makeSignIn({ db, config, passwords: { ...real, verify } })
  const who = { username: 'vera', tenant: 'acme', client: undefined, address: fresh(), request_id: 'r-1', waiter: { hasLeft: false } }
  const begin = (sent: string, waiter = who.waiter) =>
    signIn({ ...who, password: sent, waiter }).then(() => 'in', (error: unknown) => (error as Problem).code)
  const gone = { hasLeft: false }
  const first = Array.from({ length: TRIES }, () => begin('dropped'))
  await delay(50)
  const waiting = [begin(password), begin(password, gone)]
  await delay(50)
  t.equal(await begin(password), 'unavailable', 'as many wait as may')
  gone.hasLeft = true
  isBusy = false
  t.strictSame(await Promise.all(first), Array(TRIES).fill('unavailable'))
  t.strictSame(await Promise.all(waiting), ['in', 'unavailable'])
  const { rows } = await sql`select 1 from sign_in_failure where network = ${who.address} and (n <> 0 or held <> 0)`.execute(db)
  t.equal(rows.length, 0)
})

t.test('a try whose server is gone counts as a failure after seconds', async (t) => {
  const from = fresh()
  await login({ password: 'incorrect horse', from })
  await sql`update sign_in_failure set n = ${TRIES}, held = ${TRIES - 1}, held_until = now() + interval '300 ms' where network = ${from}`.execute(db)
  const since = performance.now()
  isError(t, await login({ from }), 429, 'too_many_attempts')
  t.ok(performance.now() - since > 200, 'until then it is waited for')
  await sql`
    update sign_in_failure set n = ${TRIES}, held = ${TRIES}, ends_on = now() - interval '1 second', held_until = now() + interval '300 ms'
    where network = ${from}`.execute(db)
  t.equal((await login({ from })).statusCode, 200, 'in a window that ended, not at all')
})

t.test('405, 413 and 415', async (t) => {
  const answer = await call('GET /login/')
  isError(t, answer, 405, 'method_not_allowed')
  t.equal(answer.headers.allow, 'POST')
  isError(t, await call('POST /login/', { payload: ' '.repeat(262_145) }), 413, 'payload_too_large')
  isError(t, await call('POST /login/', { payload: '{}', headers: { 'content-type': 'text/plain' } }), 415, 'unsupported_media_type')
})

t.test('500 and 503', async (t) => {
  await withBrokenTable(db, 'sign_in_failure', async () => isError(t, await login(), 500, 'internal_error'))
  await withLostDatabase(t, directory, async (app) => {
    const payload = { username: 'vera', password }
    isError(t, await app.inject({ method: 'POST', url: '/api/login/', payload }), 503, 'unavailable')
  })
})

t.test('the ledger', async (t) => closeLedger(t, directory, 'login'))
