import { sql } from 'kysely'
import { authenticate, type Caller, checkTenant } from '../../src/auth/authenticate.js'
import { makeKey, parseKey } from '../../src/auth/keys.js'
import { createKey } from '../../src/auth/made-keys.js'
import { openDatabase } from '../../src/db/database.js'
import { clientWritesOf } from '../../src/db/clients.js'
import { keyWritesOf } from '../../src/db/keys.js'
import { makeLookup } from '../../src/db/lookups.js'
import { findEnterprise } from '../../src/db/enterprises.js'
import { Problem } from '../../src/errors.js'
import { createEnterprise } from '../../src/users/enterprise.js'
import { emptiedDatabase, testConfig } from '../helpers/database.js'
import { thisFile } from '../helpers/this-file.js'

const t = thisFile()

const { db } = await emptiedDatabase(t)
const acme = await createEnterprise(db, 'acme', { username: 'alice', email: '' })
const globex = await createEnterprise(db, 'globex', { username: 'gina', email: '' })
const key = acme.api_key
const numberOf = (of: string): number => parseKey(of)!.enterprise_id

/** The code of the refusal, or the id of the caller. */
async function outcome(authorization: string | undefined, its = db): Promise<string | number> {
  try {
    return (await authenticate(makeLookup(its), authorization, undefined, 'r-1')).user.id
  } catch (error) {
    if (error instanceof Problem) return error.code
    throw error
  }
}

/** A key that is stored, of this user. */
async function storedKey(enterprise_id: number, user_id: number, expires_on: Date): Promise<string> {
  const { key: made, hash, prefix } = makeKey(enterprise_id)
  await db.transaction().execute((trx) => keyWritesOf(trx, enterprise_id).insert({ user_id, hash, prefix, expires_on }))
  return made
}

t.test('the header: a bearer, in any case, or the bare key', async (t) => {
  for (const value of [`Bearer ${key}`, `bearer ${key}`, `BEARER   ${key}`, key, ` ${key} `, `Bearer ${key} `]) {
    t.equal(await outcome(value), acme.user_id, value)
  }
  for (const value of [undefined, '', '  ', 'Bearer', 'bearer ', 'Bearer    ']) t.equal(await outcome(value), 'not_authenticated', value ?? 'none')
  for (const value of [
    'x', 'Basic YTpi', `Basic ${key}`, `Bearer${key}`, `Bearer ${key} ${key}`, `Bearer ${key.slice(0, -1)}`, `Bearer Bearer ${key}`,
    `Token ${key}`, `Bearer "${key}"`, key.toUpperCase(), `Bearer ${makeKey(numberOf(key)).key}`, makeKey(2 ** 48 - 1).key,
    'x'.repeat(10_000),
  ]) t.equal(await outcome(value), 'invalid_credentials', value.slice(0, 60))
})

t.test('what no header can hold is refused as well', async (t) => {
  for (const value of [`x\n${key}`, 'Bearer x\ny']) t.match(await outcome(value), /^(not_authenticated|invalid_credentials)$/)
})

t.test('a typo is refused without the database', async (t) => {
  const nowhere = openDatabase(testConfig({ DATABASE_URL: 'postgres://nobody@127.0.0.1:1/nowhere' }))
  t.teardown(() => nowhere.destroy())
  t.equal(await outcome(`${key}0`, nowhere), 'invalid_credentials')
  await t.rejects(outcome(key, nowhere), { name: 'NoConnection', cause: { code: 'ECONNREFUSED' } }, 'a lost database is no wrong key')
})

t.test('the caller: the user, the enterprise, the key and its prefix, and no hash', async (t) => {
  const caller = await authenticate(makeLookup(db), `Bearer ${key}`, undefined, 'r-1')
  t.match(caller, {
    user: { id: acme.user_id, role: 'Enterprise Admin', is_superuser: true },
    wanted: { id: acme.user_id, username: 'alice' },
    enterprise: { id: numberOf(key), uuid: acme.enterprise, name: 'acme', google_enterprise_id: null },
    key,
    key_prefix: parseKey(key)!.prefix,
  })
  t.strictSame(Object.keys(caller).toSorted(), ['api_key', 'enterprise', 'key', 'key_prefix', 'request_id', 'user', 'waiter', 'wanted'])
  t.notOk(JSON.stringify(caller.user).includes('hash'))
})

t.test('expired: to the moment', async (t) => {
  t.equal(await outcome(await storedKey(numberOf(key), acme.user_id, new Date(Date.now() - 1000))), 'invalid_credentials')
  t.equal(await outcome(await storedKey(numberOf(key), acme.user_id, new Date(Date.now() + 60_000))), acme.user_id)
})

t.test('revoked, and inactive: on the very next call; active again works again', async (t) => {
  const other = (await createKey(db, (await findEnterprise(db, 'acme'))!, 'alice')).api_key
  const { prefix } = parseKey(other)!
  t.equal(await outcome(other), acme.user_id)
  await db.transaction().execute((trx) => keyWritesOf(trx, numberOf(other)).revoke(prefix))
  t.equal(await outcome(other), 'invalid_credentials')
  t.equal(await outcome(key), acme.user_id)
  const activate = (is_active: boolean) => sql`update user_account set is_active = ${is_active} where id = ${acme.user_id}`.execute(db)
  await activate(false)
  t.equal(await outcome(key), 'invalid_credentials')
  await activate(true)
  t.equal(await outcome(key), acme.user_id)
})

t.test('the number of the key is the enterprise: a stored hash counts in its own alone', async (t) => {
  const { key: strange, hash, prefix, expires_on } = makeKey(numberOf(globex.api_key))
  // Stored by mistake for alice of acme: the number says globex, where it is not.
  const acmeWrites = (work: (keys: ReturnType<typeof keyWritesOf>) => Promise<unknown>) =>
    db.transaction().execute((trx) => work(keyWritesOf(trx, numberOf(key))))
  await acmeWrites((keys) => keys.insert({ user_id: acme.user_id, hash, prefix, expires_on }))
  t.equal(await outcome(strange), 'invalid_credentials')
})

t.test('checkTenant', async (t) => {
  const caller: Caller = await authenticate(makeLookup(db), key, undefined, 'r-1')
  await db.transaction().execute((trx) => clientWritesOf(trx, numberOf(key)).insert('portal'))
  await db.transaction().execute((trx) => clientWritesOf(trx, numberOf(globex.api_key)).insert('theirs'))
  const tenant = (name: string) => ({ 'x-tenant': name })
  const client = (name: string) => ({ 'x-client-id': name })
  for (const headers of [{}, tenant('acme'), client('portal'), { ...tenant('acme'), ...client('portal') }]) {
    await t.resolves(checkTenant(db, caller, headers), JSON.stringify(headers))
  }
  for (const headers of [
    tenant('globex'), tenant('ACME'), tenant(''), tenant('nowhere'), client('theirs'), client('Portal'), client(''), client('nobody'),
    { ...tenant('globex'), ...client('portal') }, { ...tenant('acme'), ...client('theirs') },
  ]) await t.rejects(checkTenant(db, caller, headers), { code: 'invalid_credentials' }, JSON.stringify(headers))
})
