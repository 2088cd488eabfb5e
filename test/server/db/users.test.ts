import { setTimeout as delay } from 'node:timers/promises'
import { type RawBuilder, sql } from 'kysely'
import { beginTrail, COMMAND_LINE } from '../../../src/db/audit.js'
import { insertBy, type NewUser, DuplicateUser, userWritesOf } from '../../../src/db/user-writes.js'
import { usersOf } from '../../../src/db/users.js'
import { findMiscounts } from '../../../src/db/verify.js'
import { nameKey } from '../../../src/names.js'
import { freshDatabase } from '../../helpers/database.js'
import { thisFile } from '../../helpers/this-file.js'

const t = thisFile()

const { db } = await freshDatabase(t)
const ACME = 5
const GLOBEX = 6
await sql`insert into enterprise (id, uuid, name) values
  (${ACME}, gen_random_uuid(), 'acme'), (${GLOBEX}, gen_random_uuid(), 'globex')`.execute(db)

const users = usersOf(db, ACME)
const write = <T>(work: (users: ReturnType<typeof userWritesOf>) => Promise<T>, enterprise_id = ACME): Promise<T> =>
  db.transaction().execute((trx) => work(userWritesOf(trx, enterprise_id)))
const newUser = (username: string, email = ''): NewUser => ({
  username, username_key: nameKey(username), email, email_key: email === '' ? null : nameKey(email), first_name: '', last_name: '',
  is_active: true, is_superuser: false, role: 'Viewer', groups: [], authz_role_id: null, password_hash: null,
})
/** The next user that is inserted gets this id. */
const setNextId = (id: number) => sql`select setval(pg_get_serial_sequence('user_account', 'id'), ${id}, false)`.execute(db)
const miscounts = async () => (await findMiscounts(db)).length
const BLOCK = 1 << 10
const WIDE = 1 << 20
const LAST = Number.MAX_SAFE_INTEGER

/** Inserts users with these ids, past the repository: many at once, and wherever they are wanted. */
async function insertIds(ids: readonly number[], enterprise_id = ACME): Promise<void> {
  await sql`
    insert into user_account (enterprise_id, id, username, username_key, email, first_name, last_name, is_active, is_superuser, role, groups)
    overriding system value
    select ${enterprise_id}, id, 'u' || id, ${enterprise_id} || 'u' || id, '', '', '', true, false, 'Viewer', '{}'
    from unnest(${ids}::bigint[]) as id`.execute(db)
  await sql`
    insert into user_count (enterprise_id, level, block, n)
    select ${enterprise_id}, level, id >> bits, count(*) from unnest(${ids}::bigint[]) as id, (values (1, 10), (2, 20)) as levels (level, bits)
    group by level, id >> bits
    on conflict (enterprise_id, level, block) do update set n = user_count.n + excluded.n`.execute(db)
}

async function plainPage(limit: number, offset: number): Promise<{ count: number; ids: number[] }> {
  const { rows } = await sql<{ id: number }>`
    select id from user_account where enterprise_id = ${ACME} order by id offset ${offset} limit ${limit}`.execute(db)
  const { rows: counts } = await sql<{ n: number }>`select count(*) as n from user_account where enterprise_id = ${ACME}`.execute(db)
  return { count: counts[0]!.n, ids: rows.map(({ id }) => id) }
}

async function samePages(t: { strictSame: (found: unknown, wanted: unknown, message: string) => boolean }, offsets: readonly number[]) {
  for (const offset of offsets) {
    for (const limit of [1, 7, 1000]) {
      const { count, rows } = await users.page({ limit, offset })
      const found = { count, ids: rows.map(({ id }) => id) }
      t.strictSame(found, await plainPage(limit, offset), `limit ${String(limit)} offset ${String(offset)}`)
    }
  }
}

t.test('times have milliseconds, however Postgres writes them and whatever the time zone of the session', async (t) => {
  const { id } = await write((writes) => writes.insert(newUser('tim')))
  const times = ['2026-01-05 09:00:00Z', '2026-01-05 09:00:00.1Z', '2026-01-05 09:00:00.123Z', '2026-01-05 09:00:00.123999Z']
  const shown = ['2026-01-05T09:00:00.000Z', '2026-01-05T09:00:00.100Z', '2026-01-05T09:00:00.123Z', '2026-01-05T09:00:00.123Z']
  for (const [i, time] of times.entries()) {
    await sql`update user_account set created_on = ${time}::timestamptz, last_login = ${time}::timestamptz where id = ${id}`.execute(db)
    for (const zone of ['UTC', 'Asia/Kathmandu']) {
      const read = await db.transaction().execute(async (trx) => {
        await sql`set local time zone ${sql.lit(zone)}`.execute(trx)
        const one = usersOf(trx, ACME)
        return [...(await one.page({ limit: 1000, offset: 0 })).rows.filter((row) => row.id === id), await one.match({ username_key: nameKey('tim') })]
      })
      t.match(read, [{ created_on: shown[i], last_login: shown[i] }, { created_on: shown[i], last_login: shown[i] }], `${time} in ${zone}`)
    }
  }
  await write((writes) => writes.delete(id))
})

t.test('a page of nothing', async (t) => {
  for (const offset of [0, 1, LAST]) t.strictSame(await users.page({ limit: 20, offset }), { count: 0, rows: [] })
})

t.test('page: as a plain offset and limit, whatever the ids, after deletes, and past the end', async (t) => {
  const edges = [BLOCK, 2 * BLOCK, WIDE, 2 * WIDE, 3 * WIDE, 2 ** 33, 2 ** 52].flatMap((edge) => [edge - 1, edge, edge + 1])
  const random = Array.from({ length: 3000 }, () => 1 + Math.floor(Math.random() * 3 * WIDE))
  const crowded = Array.from({ length: 2500 }, (_, i) => WIDE + 5 * BLOCK + i)
  const ids = [...new Set([1, ...edges, LAST, ...random, ...crowded])]
  const mine = ids.filter((id, i) => id === 1 || edges.includes(id) || id === LAST || i % 3 !== 0)
  // The other enterprise's users are between these, in the same blocks.
  await insertIds(mine)
  await insertIds(ids.filter((id) => !mine.includes(id)), GLOBEX)
  const doomed = [...edges.slice(0, 6), ...mine.filter((id) => id >> 10 === (WIDE >> 10) + 6 || id % 7 === 0)].filter((id) => id !== LAST)
  await write(async (writes) => {
    for (const id of (await writes.lock(doomed)).keys()) await writes.delete(id)
  })
  t.equal(await miscounts(), 0)
  const { count } = await plainPage(1, 0)
  t.ok(count > 2000 && count < mine.length)
  const somewhere = Array.from({ length: 40 }, () => Math.floor(Math.random() * count))
  await samePages(t, [0, 1, count - 1001, count - 2, count - 1, count, count + 1, 2 * count, LAST, ...somewhere])
})

t.test('page: any limit walks every user exactly once', async (t) => {
  const { count, ids } = await plainPage(1_000_000, 0)
  const pages = await Promise.all(Array.from({ length: Math.ceil(count / 333) }, (_, i) => users.page({ limit: 333, offset: i * 333 })))
  t.strictSame(pages.flatMap(({ rows }) => rows.map(({ id }) => id)), ids)
})

t.test('counts: right after inserts, deletes and what was taken back, beyond 2^20 and 2^21 too', async (t) => {
  const made: number[] = []
  for (const [i, id] of [4 * WIDE - 1, 5 * WIDE, 6 * WIDE + 7 * BLOCK - 1, 2 ** 40 - 1].entries()) {
    await setNextId(id)
    const [a, b] = await write(async (writes) => [await writes.insert(newUser(`a${String(i)}`)), await writes.insert(newUser(`b${String(i)}`))] as const)
    t.strictSame([a.id, b.id], [id, id + 1])
    made.push(a.id, b.id)
  }
  t.equal(await miscounts(), 0)
  await t.rejects(write(async (writes) => {
    await writes.insert(newUser('taken back'))
    throw new Error('no')
  }), { message: 'no' })
  await t.rejects(write((writes) => writes.insert(newUser('A0'))), DuplicateUser)
  t.equal(await miscounts(), 0, 'nothing is counted that was not done')
  await Promise.all(Array.from({ length: 12 }, (_, i) => write((writes) => writes.insert(newUser(`at once ${String(i)}`)))))
  await Promise.all(made.map((id) => write((writes) => writes.delete(id))))
  t.equal(await miscounts(), 0)
  await samePages(t, [(await plainPage(1, 0)).count - 12])
})

t.test('match and taken', async (t) => {
  const carol = await write((writes) => writes.insert(newUser('Carol', 'Carol@acme.example')))
  const dan = await write((writes) => writes.insert(newUser('Dan', '')))
  const keys = (username?: string, email?: string) => ({
    ...(username === undefined ? {} : { username_key: nameKey(username) }),
    ...(email === undefined ? {} : { email_key: nameKey(email) }),
  })
  t.strictSame(await users.match(keys('carol')), carol)
  t.notOk(Object.keys(carol).some((name) => /hash|key/.test(name)))
  for (const [wanted, found] of [
    [keys('CAROL'), carol.id], [keys(undefined, 'CAROL@ACME.example'), carol.id], [keys('carol', 'carol@acme.example'), carol.id],
    [keys('dan'), dan.id], [keys('dan', 'carol@acme.example'), undefined], [keys('carol', ''), undefined], [keys('nobody'), undefined],
    [keys(undefined, ''), undefined], [keys(undefined, 'dan@acme.example'), undefined],
  ] as const) t.equal((await users.match(wanted))?.id, found, JSON.stringify(wanted))
  for (const [wanted, except, username, email] of [
    [keys('CAROL', 'x@y'), undefined, true, false], [keys('x', 'CAROL@acme.example'), undefined, false, true],
    [keys('carol', 'carol@acme.example'), undefined, true, true], [keys('dan', 'carol@acme.example'), undefined, true, true],
    [keys('dan', 'carol@acme.example'), dan.id, false, true], [keys('dan', 'carol@acme.example'), carol.id, true, false],
    [keys('carol', 'carol@acme.example'), carol.id, false, false], [keys('x', 'x@y'), undefined, false, false],
    [keys('dan'), undefined, true, false], [keys('x'), undefined, false, false], [keys(undefined, 'carol@acme.example'), undefined, false, true],
    [keys(), undefined, false, false],
  ] as const) t.strictSame(await users.taken(wanted, except), { username, email }, JSON.stringify([wanted, except]))
})

t.test('insert, update and lock', async (t) => {
  const erin = await write((writes) => writes.insert({ ...newUser('erin', 'erin@acme.example'), groups: ['a', 'b'], authz_role_id: 'r' }))
  t.match(erin, { groups: ['a', 'b'], authz_role_id: 'r', is_email_verified: false, last_login: null })
  t.strictSame(erin.created_on, erin.updated_on)
  const changed = await write((writes) => writes.update(erin.id, { first_name: 'Erin', groups: [] }))
  t.strictSame({ ...changed, updated_on: erin.updated_on, xmin: erin.xmin }, { ...erin, first_name: 'Erin', groups: [] }, 'no other column is written')
  t.ok(changed.updated_on > erin.updated_on)
  await t.rejects(write((writes) => writes.update(erin.id, { username_key: nameKey('carol') })), DuplicateUser)
  await t.rejects(write((writes) => writes.update(erin.id, { email_key: nameKey('carol@acme.example') })), DuplicateUser)
  await t.rejects(write((writes) => writes.update(erin.id, { email: '' })), { code: '23514' }, 'what is no duplicate stays what it is')
  await t.rejects(write((writes) => writes.update(999_999_999, { first_name: 'x' })))
  t.strictSame(await users.match({ username_key: nameKey('erin') }), changed)

  const other = (await users.match({ username_key: nameKey('dan') }))!
  // The row with the lowest id is the last of the table now, and no index puts it in its place.
  await write((writes) => writes.update(other.id, { first_name: 'Dan' }))
  t.ok(other.id < erin.id)
  await db.transaction().execute(async (trx) => {
    await sql`set local enable_indexscan = off; set local enable_bitmapscan = off`.execute(trx)
    const locked = await userWritesOf(trx, ACME).lock([erin.id, other.id, erin.id, 999_999_999])
    t.strictSame([...locked.keys()], [other.id, erin.id], 'in id order, each once')
    t.strictSame(locked.get(erin.id), changed)
    const { rows } = await sql`select id from user_account where id = ${erin.id} for update skip locked`.execute(db)
    t.strictSame(rows, [], 'nobody else gets the row')
  })
})

t.test('insertBy: the locks', async (t) => {
  const acme = { id: ACME, uuid: '5b7c1f0e-9a53-4c8e-8d1f-0f3c2a9be411' }
  const entry = { ...COMMAND_LINE, action: 'user.create', target_type: 'user', before: {}, after: {} } as const
  const maker = await write((writes) => writes.insert(newUser('maker')))
  await beginTrail(db, ACME)
  const insert = (username: string) => insertBy(db, acme, maker, newUser(username), entry)
  t.ok(await insert('made by the maker'))

  const rows = {
    maker: sql`select from user_account where enterprise_id = ${ACME} and id = ${maker.id}`,
    narrow: sql`select from user_count where enterprise_id = ${ACME} and level = 1`,
    wide: sql`select from user_count where enterprise_id = ${ACME} and level = 2`,
    head: sql`select from audit_head where enterprise_id = ${ACME}`,
  }
  const isLocked = async (row: RawBuilder<unknown>, how = sql`update`): Promise<boolean> => {
    try {
      await sql`${row} for ${how} nowait`.execute(db)
      return false
    } catch (error) {
      t.equal((error as { code: string }).code, '55P03')
      return true
    }
  }
  const waits = async (): Promise<boolean> => {
    const { rows: found } = await sql`
      select from pg_stat_activity where datname = current_database() and wait_event_type = 'Lock'`.execute(db)
    return found.length === 1
  }

  const order = Object.keys(rows) as (keyof typeof rows)[]
  for (const [place, held] of order.entries()) {
    await t.test(`it waits for ${held} with the locks before it, and without those behind`, async (t) => {
      const holder = await db.startTransaction().execute()
      await sql`${rows[held]} for update`.execute(holder)
      const inserting = insert(`waits for ${held}`)
      while (!(await waits())) await delay(10)
      for (const [other, name] of order.entries()) {
        if (other !== place) t.equal(await isLocked(rows[name]), other < place, name)
      }
      await holder.rollback().execute()
      t.ok(await inserting)
    })
  }

  await t.test('the maker is locked so that who waits to change it has its turn', async (t) => {
    const trx = await db.startTransaction().execute()
    await insertBy(trx, acme, maker, newUser('one of many'), entry)
    t.ok(await isLocked(rows.maker, sql`share`), 'no other create passes by sharing the lock')
    t.notOk(await isLocked(rows.maker, sql`key share`), 'foreign keys do')
    await trx.commit().execute()
  })
})
