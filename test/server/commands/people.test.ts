import { clientsOf } from '../../../src/db/clients.js'
import { findEnterprise } from '../../../src/db/enterprises.js'
import { userWritesOf } from '../../../src/db/user-writes.js'
import { setSuperuser } from '../../../src/users/superuser.js'
import { jsonOf, type Ran, runHere } from '../../helpers/command.js'
import { makeDirectory } from '../../helpers/directory.js'
import { thisFile } from '../../helpers/this-file.js'

const t = thisFile()

const { app, db, store, superuser, create } = await makeDirectory(t)
const acme = (await findEnterprise(db, 'acme'))!
const roster = (...args: string[]): Promise<Ran> => runHere({ ...store }, ...args)
const inAcme = (...args: string[]): Promise<Ran> => roster(...args, '--enterprise', 'acme')

t.test('user list: all users, over several pages', async (t) => {
  const { out } = await inAcme('user', 'list')
  t.match(out[0], /^id +username +email +is_email_verified +role +is_active +is_superuser$/)
  t.equal(out.length, 4)
  await db.transaction().execute(async (trx) => {
    for (let i = 0; i < 1000; i++) {
      await userWritesOf(trx, acme.id).insert({
        username: `user-${String(i)}`,
        username_key: `key-${String(i)}`,
        email: '',
        email_key: null,
        first_name: '',
        last_name: '',
        is_active: true,
        is_superuser: false,
        role: 'Viewer',
        groups: [],
        authz_role_id: null,
        password_hash: null,
      })
    }
  })
  const users = jsonOf<{ id: number; username: string }[]>(await inAcme('user', 'list', '--json'))
  t.equal(users.length, 1003)
  t.strictSame(users.map(({ id }) => id).toSorted((a, b) => a - b), users.map(({ id }) => id))
  t.strictSame(Object.keys(users[0]!), ['id', 'username', 'email', 'is_email_verified', 'role', 'is_active', 'is_superuser'])
  t.match(await roster('user', 'list', '--enterprise', 'nowhere'), { code: 1, note: ['roster: there is no enterprise nowhere'] })
})

t.test('user promote and demote hand ownership over', async (t) => {
  await create({ username: 'bob' })
  const last = 'roster: alice is the last active superuser of acme: promote another one first'
  t.match(await inAcme('user', 'demote', 'alice'), { code: 1, out: [], note: [last] })
  t.match(jsonOf(await inAcme('user', 'promote', 'BOB', '--json')), { username: 'bob', is_superuser: true })
  await inAcme('user', 'promote', 'adam')
  t.match(jsonOf(await inAcme('user', 'demote', 'alice', '--json')), { username: 'alice', is_superuser: false })
  t.match(await inAcme('user', 'promote', 'nobody'), { code: 1, note: ['roster: there is no user nobody in acme'] })

  await t.test('of two that demote each other at once, one stays', async (t) => {
    for (let round = 0; round < 10; round++) {
      await Promise.all(['bob', 'adam'].map((name) => setSuperuser(db, acme, name, true)))
      const outcomes = await Promise.allSettled(['bob', 'adam'].map((name) => setSuperuser(db, acme, name, false)))
      t.strictSame(outcomes.map(({ status }) => status).toSorted(), ['fulfilled', 'rejected'], `round ${String(round)}`)
    }
  })

  await t.test('an inactive superuser does not count', async (t) => {
    await setSuperuser(db, acme, 'bob', true)
    await setSuperuser(db, acme, 'adam', true)
    await db.updateTable('user_account').set({ is_active: false }).where('username', '=', 'adam').execute()
    t.match(await inAcme('user', 'demote', 'bob'), { code: 1, note: [/^roster: bob is the last active superuser of acme/] })
    await setSuperuser(db, acme, 'alice', true)
  })
})

t.test('user verify', async (t) => {
  t.match(jsonOf(await inAcme('user', 'verify', 'VERA', '--json')), { username: 'vera', is_email_verified: true })
  t.match(await inAcme('user', 'verify', 'nobody'), { code: 1, note: ['roster: there is no user nobody in acme'] })
  await create({ username: 'mute' })
  t.match(await inAcme('user', 'verify', 'mute'), { code: 1, note: ['roster: mute has no e-mail address'] })
})

t.test('client add, list, remove', async (t) => {
  t.strictSame(jsonOf(await inAcme('client', 'add', 'console', '--json')), { enterprise: 'acme', client: 'console' })
  t.match(await inAcme('client', 'add', 'console'), { code: 0 }, 'again changes nothing')
  t.match(jsonOf(await inAcme('client', 'list', '--json')), [{ name: 'console', created_on: /Z$/ }])
  t.ok(await clientsOf(db, acme.id).has('console'))
  t.match(await inAcme('client', 'remove', 'console'), { code: 0 })
  t.notOk(await clientsOf(db, acme.id).has('console'))
  t.match(await inAcme('client', 'remove', 'console'), { code: 1, note: ['roster: there is no client console in acme'] })
  t.match(await inAcme('client', 'add', 'Console'), { code: 2, note: [/^roster: the name of a client must be 1 to 63/] })
})

t.test('enterprise enroll-emm: the API says so at once', async (t) => {
  const emm = async () => {
    const answer = await app.inject({ url: '/api/user_info/', headers: { authorization: superuser } })
    const { emm, has_emm } = answer.json<{ emm: object; has_emm: boolean }>()
    return { emm, has_emm }
  }
  t.strictSame(await emm(), { emm: {}, has_emm: false })
  t.match(await roster('enterprise', 'enroll-emm', 'acme', 'LC0123'), { code: 0 })
  t.strictSame(await emm(), { emm: { google_enterprise_id: 'LC0123' }, has_emm: true })
  t.strictSame(jsonOf(await roster('enterprise', 'enroll-emm', 'acme', '--json')), { name: 'acme', google_enterprise_id: null })
  t.strictSame(await emm(), { emm: {}, has_emm: false })
  t.match(await roster('enterprise', 'enroll-emm', 'acme', 'no spaces'), { code: 2 })
  t.match(await roster('enterprise', 'enroll-emm', 'nowhere', 'LC0123'), { code: 1 })
})

t.test('config', async (t) => {
  const rows = jsonOf<{ name: string; value: string; source: string }[]>(await roster('config', '--json'))
  t.match(rows[0], { name: 'DATABASE_URL', value: '********', source: 'environment' })
  t.match((await roster('config')).out[0], /^name +value +source$/)
  t.strictSame(await roster('config', '--check'), { code: 0, out: [], note: [] })
  t.match(await runHere({ PORT: 'x' }, 'config', '--check'), { code: 78, out: [], note: [/PORT must be/] })
  const misspelt = await runHere({ ROSTER_POOLSIZE: '1' }, 'config', '--check')
  t.strictSame(misspelt, { code: 78, out: [], note: ['roster: bad configuration: ROSTER_POOLSIZE is not a setting; the nearest one is ROSTER_POOL_SIZE'] })
})
