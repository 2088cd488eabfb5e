import { sql } from 'kysely'
import type { NewEnterprise } from '../../../src/users/enterprise.js'
import { openDatabase } from '../../../src/db/database.js'
import { type Asked, asker } from '../../helpers/ask.js'
import { finish, jsonOf, type Ran, runHere, start } from '../../helpers/command.js'
import { emptyDatabase, testConfig } from '../../helpers/database.js'
import { serveProcess } from '../../helpers/process.js'
import { thisFile } from '../../helpers/this-file.js'

const t = thisFile()

const env = { DATABASE_URL: await emptyDatabase(t) }
const db = openDatabase(testConfig(env))
t.teardown(() => db.destroy())
const roster = (...args: string[]): Promise<Ran> => runHere(env, ...args)

t.test('verify of a database that was never migrated fails, and tells no SQL', async (t) => {
  const { code, out, note } = await roster('verify')
  t.strictSame([code, out], [1, []])
  t.notMatch(note.join(), /user_count|relation/)
})

t.test('migrate: applies what is missing, then nothing', async (t) => {
  t.strictSame(jsonOf(await finish(start(env, 'migrate', '--json'))), { applied: ['0001_directory', '0002_second_release'] })
  t.strictSame(jsonOf(await roster('migrate', '--json')), { applied: [] })
  t.strictSame(await roster('migrate'), { code: 0, out: ['applied  nothing: the schema is up to date'], note: [] })
})

t.test('migrate for people', async (t) => {
  const other = { DATABASE_URL: await emptyDatabase(t) }
  t.strictSame(await runHere(other, 'migrate'), { code: 0, out: ['applied  0001_directory, 0002_second_release'], note: [] })
})

t.test('verify', async (t) => {
  const acme = jsonOf<NewEnterprise>(await roster('enterprise', 'create', 'acme', '--admin', 'alice', '--json'))
  await roster('enterprise', 'create', 'globex', '--admin', 'gina', '--json')
  await t.test('all is right', async (t) => {
    t.strictSame(await roster('verify'), { code: 0, out: ['all counts and the sequence of ids are right'], note: [] })
    t.strictSame(jsonOf(await roster('verify', '--json')), [])
  })
  await t.test('counts that are too many, missing, and of users that are not there', async (t) => {
    const id = sql`(select id from enterprise where name = 'acme')`
    await sql`update user_count set n = 7 where enterprise_id = ${id} and level = 1`.execute(db)
    await sql`delete from user_count where enterprise_id = ${id} and level = 2`.execute(db)
    await sql`insert into user_count values (${id}, 2, 5, 1)`.execute(db)
    await sql`insert into user_count values (${id}, 2, 6, 0)`.execute(db)
    const block = acme.user_id >> 10
    const wrong = [
      { enterprise: 'acme', level: 1, block, stored: 7, actual: 1 },
      { enterprise: 'acme', level: 2, block: 0, stored: 0, actual: 1 },
      { enterprise: 'acme', level: 2, block: 5, stored: 1, actual: 0 },
    ]
    const told = await roster('verify', '--json')
    t.strictSame(jsonOf(told), wrong)
    t.strictSame([told.code, told.note], [1, ['roster: the directory has faults (counts: 3): run "roster verify --repair"']])
    const process = await finish(start(env, 'verify'))
    t.equal(process.code, 1)
    t.match(process.out, [/^enterprise +level +block +stored +actual$/, /^acme +1 +0 +7 +1$/, /^acme +2 +0 +0 +1$/, /^acme +2 +5 +1 +0$/])
    t.strictSame(process.note, ['roster: the directory has faults (counts: 3): run "roster verify --repair"'])
  })
})

t.test('verify --repair: counts', async (t) => {
  const mended = await roster('verify', '--repair', '--json')
  t.strictSame([mended.code, mended.note], [0, ['roster: repaired (counts: 3)']])
  t.equal(jsonOf<unknown[]>(mended).length, 3)
  t.strictSame(jsonOf(await roster('verify', '--json')), [])
  t.strictSame((await roster('verify', '--repair')).code, 0)
})

t.test('verify and --repair: a sequence behind its ids, beside a server that serves', async (t) => {
  const { api_key } = jsonOf<NewEnterprise>(await roster('enterprise', 'create', 'initech', '--admin', 'ian', '--json'))
  const served = serveProcess(t, env)
  const ask = asker(await served.listening, api_key)
  let users = 0
  const create = () => ask('POST', '/user/', { username: `user-${String(++users)}`, profile: {} })
  const idOf = ({ body }: Asked) => (JSON.parse(body) as { id: number }).id
  const last = idOf(await create())
  // An id that only the trail tells of.
  t.equal((await ask('DELETE', `/user/${String(last)}/`)).status, 204)
  await sql`select setval(pg_get_serial_sequence('user_account', 'id'), 1, false)`.execute(db)
  const fault = [{ sequence: 'public.user_account_id_seq', next: 1, given: last }]
  const found = await roster('verify', '--json')
  t.strictSame(jsonOf(found), fault)
  t.strictSame([found.code, found.note], [1, ['roster: the directory has faults (sequences: 1): run "roster verify --repair"']])
  t.match((await roster('verify')).out, [/^sequence +next +given$/, new RegExp(`^public.user_account_id_seq +1 +${String(last)}$`)])

  // As a restore of the data alone leaves it, while creates go on.
  const far = 900_000
  await sql`
    insert into user_account (enterprise_id, id, username, username_key, email, first_name, last_name, is_active, is_superuser, role, groups)
    overriding system value select id, ${far}::bigint, 'far', 'far', '', '', '', true, false, 'Group Viewer', '{}' from enterprise where name = 'initech'`.execute(db)
  const busy = Promise.all(Array.from({ length: 20 }, create))
  const mended = await roster('verify', '--repair', '--json')
  t.match(jsonOf<object[]>(mended).at(-1), { sequence: 'public.user_account_id_seq', given: far })
  t.strictSame([mended.code, mended.note], [0, ['roster: repaired (counts: 2, sequences: 1)']])
  await busy
  const made = await create()
  t.strictSame([made.status, idOf(made) > far], [201, true])
  t.match(await roster('verify'), { code: 0, out: ['all counts and the sequence of ids are right'] })
  served.child.kill()
  await served.ended
})
