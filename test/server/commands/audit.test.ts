import { type RawBuilder, sql } from 'kysely'
import { parseKey } from '../../../src/auth/keys.js'
import { auditOf, COMMAND_LINE } from '../../../src/db/audit.js'
import { type AuditEntry, hashOf, NO_HASH } from '../../../src/db/audit-chain.js'
import type { Verified } from '../../../src/db/audit-verify.js'
import { findEnterprise } from '../../../src/db/enterprises.js'
import type { User } from '../../../src/users/user.js'
import { newest } from '../../helpers/audit.js'
import { finish, jsonOf, type Ran, runHere, start } from '../../helpers/command.js'
import { makeDirectory } from '../../helpers/directory.js'
import { thisFile } from '../../helpers/this-file.js'

const t = thisFile()

const directory = await makeDirectory(t)
const { call, db, store, superuser, admin, acme, globex } = directory
const roster = (...args: string[]): Promise<Ran> => runHere({ ...store }, ...args)
const inAcme = (...args: string[]): Promise<Ran> => roster(...args, '--enterprise', 'acme')
const ours = (await findEnterprise(db, 'acme'))!
const entriesOf = ({ out }: Ran) => out.map((line) => JSON.parse(line) as AuditEntry)
type Found = Verified & { enterprise: string }
const verify = async (): Promise<Found[]> => jsonOf(await roster('audit', 'verify', '--json'))
const none = { target_type: 'enterprise', target: acme.enterprise, user_id: null }

t.test('what the command line changes is in the trail, and what changes nothing is not', async (t) => {
  const at = (await newest(db))[0]!.seq
  await directory.create({ username: 'bob' })
  const { api_key } = jsonOf<{ api_key: string }>(await inAcme('key', 'create', '--user', 'bob', '--json'))
  const { prefix } = parseKey(api_key)!
  for (const args of [
    ...[['key', 'revoke', prefix], ['user', 'promote', 'bob'], ['user', 'promote', 'bob'], ['user', 'demote', 'bob'], ['user', 'demote', 'bob']],
    ...[['client', 'add', 'console'], ['client', 'add', 'console'], ['client', 'remove', 'console']],
  ]) t.match(await inAcme(...args), { code: 0 })
  for (const args of [['LC01'], ['LC01'], ['LC02'], []]) t.match(await roster('enterprise', 'enroll-emm', 'acme', ...args), { code: 0 })
  for (const args of [['key', 'revoke', prefix], ['client', 'remove', 'console'], ['user', 'promote', 'nobody'], ['key', 'create', '--user', 'nobody']]) {
    t.match(await inAcme(...args), { code: 1 })
  }
  const [made, ...entries] = entriesOf(await inAcme('audit', 'export', '--after', String(at)))
  const bob = { user_id: made!.user_id }
  const [no, yes] = [{ is_superuser: false }, { is_superuser: true }]
  const client = { target_type: 'client', target: 'console', user_id: null }
  const expected = [
    { action: 'key.create', target_type: 'key', target: prefix, ...bob, before: {}, after: { prefix, expires_on: entries[0]!.after.expires_on } },
    { action: 'key.revoke', target_type: 'key', target: prefix, ...bob, before: { revoked: false }, after: { revoked: true } },
    { action: 'user.promote', target_type: 'user', target: String(bob.user_id), ...bob, before: no, after: yes },
    { action: 'user.demote', target_type: 'user', target: String(bob.user_id), ...bob, before: yes, after: no },
    { action: 'client.add', ...client, before: {}, after: { name: 'console' } },
    { action: 'client.remove', ...client, before: { name: 'console' }, after: {} },
    ...[[null, 'LC01'], ['LC01', 'LC02'], ['LC02', null]].map(([before, after]) => (
      { action: 'enterprise.enroll_emm', ...none, before: { google_enterprise_id: before }, after: { google_enterprise_id: after } })),
  ]
  t.strictSame(entries.map(({ enterprise: _, seq: _s, created_on: _c, prev: _p, hash: _h, ...entry }) => entry),
    expected.map((entry) => ({ ...COMMAND_LINE, ...entry })))

  const made2 = jsonOf<{ enterprise: string; user_id: number; api_key: string }>(
    await roster('enterprise', 'create', 'initech', '--admin', 'peter', '--email', 'peter@initech.example', '--json'))
  const first = entriesOf(await roster('audit', 'export', '--enterprise', 'initech'))
  t.match(first, [
    { seq: 1, action: 'enterprise.create', target: made2.enterprise, after: { name: 'initech' }, prev: NO_HASH },
    { seq: 2, action: 'user.create', user_id: made2.user_id, after: { username: 'peter', email: 'peter@initech.example', is_superuser: true } },
    { seq: 3, action: 'key.create', user_id: made2.user_id, target: parseKey(made2.api_key)!.prefix },
  ])
})

t.test('export: a chain that needs nothing but its lines, over several batches, and the same as the API shows', async (t) => {
  await db.transaction().execute(async (trx) => {
    const { append } = auditOf(trx, ours)
    const target = { target_type: 'user', target: '1', user_id: 1 } as const
    for (let n = 0; n < 2001; n++) await append(COMMAND_LINE, { action: 'user.sign_in', ...target, before: {}, after: {} })
  })
  const entries = entriesOf(await finish(start({ ...store }, 'audit', 'export', '--enterprise', 'acme')))
  t.ok(entries.length > 2001)
  t.ok(entries.every((entry, at) => entry.seq === at + 1 && entry.hash === hashOf(entry) && entry.prev === (entries[at - 1]?.hash ?? NO_HASH)))
  const answer = await call('GET /audit/?limit=1000', { key: superuser })
  t.strictSame(answer.json<{ results: AuditEntry[] }>().results, entries.slice(0, 1000))
  t.strictSame(entriesOf(await inAcme('audit', 'export', '--after', String(entries.length - 1))), entries.slice(-1))
  t.match(await inAcme('audit', 'export', '--after', 'x'), { code: 2, out: [] })
  t.match(await roster('audit', 'export', '--enterprise', 'nowhere'), { code: 1, out: [] })
})

t.test('no secret is in any entry', async (t) => {
  const password = 'correct horse 77'
  const { id, username } = (await call('POST /user/', { key: superuser, json: { username: 'pat', password, profile: {} } })).json<User>()
  await call(`PATCH /user/${String(id)}/`, { key: superuser, json: { password: `${password}x`, email: 'pat@acme.example' } })
  const key = await directory.keyOf(username)
  await call(`PATCH /user/${String(id)}/`, { key, json: { password: `${password}y` } })
  await call(`DELETE /user/${String(id)}/`, { key: admin.key })
  const stored = await sql<{ text: string }>`
    select concat(encode(hash, 'hex'), ' ', encode(hash, 'base64')) as text from api_key
    union all select password_hash from user_account where password_hash is not null
    union all select username_key from user_account union all select email_key from user_account where email_key is not null`.execute(db)
  const secrets = [password, superuser, admin.key, key, parseKey(key)!.hash, ...stored.rows.flatMap(({ text }) => text.split(' '))]
  for (const enterprise of ['acme', 'globex', 'initech']) {
    const text = (await roster('audit', 'export', '--enterprise', enterprise)).out.join('\n')
    t.ok(text.length > 0)
    t.strictSame(secrets.filter((secret) => text.includes(secret)), [])
    t.notMatch(text, /argon2|password_hash|username_key|email_key/)
  }
})

t.test('verify: all is right', async (t) => {
  const { code, out, note } = await roster('audit', 'verify')
  t.strictSame([code, note], [0, []])
  t.match(out[0], /^enterprise +entries +seq +hash$/)
  const [last] = await newest(db)
  const found = await verify()
  t.match(found, [{ enterprise: 'acme' }, { enterprise: 'globex', entries: 3 }, { enterprise: 'initech', entries: 3 }])
  t.strictSame(found[0], { enterprise: 'acme', entries: last!.seq, seq: last!.seq, hash: last!.hash, faults: [], more: 0 })
})

/** Rows of the enterprise globex: what the API or an old server would never do to them. */
const theirs = (await findEnterprise(db, 'globex'))!
const places = async () => {
  for (let n = 0; n < 5; n++) await call('POST /user/', { key: globex.api_key, json: { username: `g-${String(n)}`, profile: {} } })
  return (await newest(db, 1, 'globex'))[0]!.seq
}
const at = (seq: number) => sql`enterprise_id = ${theirs.id} and seq = ${seq}`
const set = (columns: RawBuilder<unknown>, seq: number) => sql`update audit_entry set ${columns} where ${at(seq)}`
type Change = RawBuilder<unknown>
type Case = [what: string, changes: Change[], expected: { seq: number; fault: RegExp | string }[]]
const TABLES = ['audit_entry', 'audit_head']
const each = async (statement: (table: string) => string) => {
  for (const table of TABLES) await sql.raw(statement(table)).execute(db)
}
/** Changes the tables behind the back of the server, and says how to undo it. */
async function tamper(...changes: Change[]): Promise<() => Promise<void>> {
  await each((table) => `create table kept_${table} as select * from ${table}`)
  for (const change of changes) await change.execute(db)
  return async () => {
    await each((table) => `delete from ${table}`)
    await each((table) => `insert into ${table} select * from kept_${table}`)
    await each((table) => `drop table kept_${table}`)
  }
}

t.test('verify finds every tampering, says where, and leaves other enterprises alone', async (t) => {
  const top = await places()
  const edited = { seq: 5, fault: 'edited: its hash is not that of its values' }
  const swap: Change[] = [set(sql`seq = 100`, 4), set(sql`seq = 4`, 6), set(sql`seq = 6`, 100)]
  const copy = sql.raw('created_on, action, source, actor_id, key_prefix, request_id, target_type, target, user_id, before, after, prev, hash')
  const put = (seq: number): Change => sql`
    insert into audit_entry (enterprise_id, seq, ${copy}) select enterprise_id, ${seq}, ${copy} from audit_entry where ${at(5)}`
  const cases: Case[] = [
    ...[
      ...["created_on = created_on + interval '1 microsecond'", "action = 'user.delete'", "source = 'cli'", 'actor_id = 99', 'actor_id = null'],
      ...["key_prefix = 'rst_x'", "request_id = 'x'", "target_type = 'key'", "target = '99'", 'user_id = 99', `before = '{"username": "x"}'`],
      ...[`after = after || '{"username": "x"}'`, `after = after - 'email'`, "after = '{}'", "hash = sha256('x')", "prev = sha256('x')"],
    ].map((columns): Case => [columns, [set(sql.raw(columns), 5)], [edited]]),
    ['a row of the middle is deleted', [sql`delete from audit_entry where ${at(5)}`], [{ seq: 5, fault: /^removed: 5 is not there/ }]],
    ['several are', [sql`delete from audit_entry where enterprise_id = ${theirs.id} and seq in (4, 5, 6)`], [{ seq: 4, fault: /^removed: 4 to 6 is not there/ }]],
    ['the oldest is deleted', [sql`delete from audit_entry where ${at(1)}`], [{ seq: 1, fault: /^removed: 1 is not there/ }]],
    ['the newest is deleted', [sql`delete from audit_entry where ${at(top)}`], [{ seq: top, fault: new RegExp(`^removed: the newest entries, ${String(top)} to ${String(top)}`) }]],
    ['all are', [sql`delete from audit_entry where enterprise_id = ${theirs.id}`], [{ seq: 1, fault: /^removed: the newest entries, 1 to/ }]],
    ['two are swapped', swap, [{ seq: 4, fault: 'reordered: it was entry 6' }, { seq: 6, fault: 'reordered: it was entry 4' }]],
    ['one has another number', [set(sql`seq = 100`, 5)], [{ seq: 5, fault: /^removed/ }, { seq: 100, fault: 'reordered: it was entry 5' }, { seq: 100, fault: /^put in/ }]],
    ['the rows behind a deleted one move up', [
      sql`delete from audit_entry where ${at(5)}`,
      ...Array.from({ length: top - 5 }, (_, n) => set(sql.raw(`seq = ${String(n + 5)}`), n + 6)),
      sql`update audit_head set seq = seq - 1 where enterprise_id = ${theirs.id}`,
    ], [{ seq: 5, fault: 'reordered: it was entry 6' }]],
    ['a copy is put behind the end', [put(top + 1)], [{ ...edited, seq: top + 1 }, { seq: top + 1, fault: /^put in/ }]],
    ['the oldest are deleted, as if pruned', [
      sql`update audit_head set pruned_seq = 3, pruned_hash = (select hash from audit_entry where ${at(3)}) where enterprise_id = ${theirs.id}`,
      sql`delete from audit_entry where enterprise_id = ${theirs.id} and seq <= 3`,
    ], [{ seq: 3, fault: /^removed: where the trail begins/ }]],
    ['the head is another', [sql`update audit_head set hash = sha256('x') where enterprise_id = ${theirs.id}`], [{ seq: top, fault: /^replaced/ }]],
    ['the head is gone', [sql`delete from audit_head where enterprise_id = ${theirs.id}`], [{ seq: 1, fault: /^put in/ }]],
  ]
  for (const [what, changes, expected] of cases) {
    const restore = await tamper(...changes)
    const ran = await roster('audit', 'verify', '--json')
    t.equal(ran.code, 1, what)
    t.match(ran.note, [/^roster: \d+ faults in the audit trail of globex$/])
    const found = jsonOf<Found[]>(ran)
    for (const { seq, fault } of expected) {
      const told = found[1]!.faults.filter((one) => one.seq === seq).map((one) => one.fault)
      t.ok(told.some((one) => (typeof fault === 'string' ? one === fault : fault.test(one))), `${what}: ${JSON.stringify(told)}`)
    }
    t.strictSame([found[0]!.faults, found[2]!.faults], [[], []])
    t.match(await inAcme('audit', 'verify'), { code: 0 })
    await restore()
    t.strictSame((await verify()).flatMap(({ faults }) => faults), [], 'and it is right again')
  }
})

t.test('a forged entry whose own hash is right does not follow the one before, nor the next one it', async (t) => {
  const [entry] = (await newest(db, 3, 'globex')).slice(2)
  const forged = { ...entry!, target: '99' }
  const restore = await tamper(set(sql`target = '99', hash = ${Buffer.from(hashOf(forged), 'hex')}`, entry!.seq))
  const ran = await roster('audit', 'verify', '--enterprise', 'globex')
  t.equal(ran.code, 1)
  t.match(ran.out.at(-1), new RegExp(`^globex +${String(entry!.seq + 1)} +does not follow the entry before`))
  await restore()
})

t.test('very many faults are counted', async (t) => {
  const restore = await tamper(sql`update audit_entry set request_id = 'x' where enterprise_id = ${ours.id}`)
  const ran = await roster('audit', 'verify', '--json')
  const [found] = jsonOf<Found[]>(ran)
  t.equal(found!.faults.length, 100)
  t.equal(found!.faults.length + found!.more, found!.entries)
  t.match(ran.note, [`roster: ${String(found!.entries)} faults in the audit trail of acme`])
  await restore()
})

t.test('verify --head finds a trail that was written anew', async (t) => {
  const head = async (seq: number, hash: string) => inAcme('audit', 'verify', '--head', `${String(seq)}:${hash}`)
  const [last, ...older] = await newest(db, 5)
  t.match(await head(last!.seq, last!.hash), { code: 0, note: [] })
  t.match(await head(older[3]!.seq, older[3]!.hash), { code: 0, note: [] })
  t.match(await head(last!.seq, older[0]!.hash), { code: 1, out: [/^enterprise/, /^acme/, /^enterprise/, /replaced: its hash is not the one of --head$/] })
  t.match(await head(last!.seq + 1, last!.hash), { code: 1, out: [/^enterprise/, /^acme/, /^enterprise/, /removed: the entry of --head is not there$/] })
  const hash = 'f'.repeat(64)
  for (const args of [['--head', `1:${hash}`], ['--enterprise', 'acme', '--head', 'x'], ['--enterprise', 'acme', '--head', `1:${hash}0`]]) {
    t.match(await roster('audit', 'verify', ...args), { code: 2, out: [] })
  }
  t.match(await roster('audit', 'verify', '--enterprise', 'nowhere'), { code: 1, note: ['roster: there is no enterprise nowhere'] })
})

t.test('prune', async (t) => {
  const prune = (before: string, ...args: string[]) => inAcme('audit', 'prune', '--before', before, ...args)
  const [last] = await newest(db)
  const future = '2999-01-01'

  await t.test('what is younger stays', async (t) => {
    t.strictSame(jsonOf(await prune('2020-01-31', '--json')), { enterprise: 'acme', entries: 0, pruned_seq: 0, dry_run: false })
    t.strictSame(await newest(db), [last])
  })
  await t.test('--dry-run only says what would go', async (t) => {
    t.strictSame(jsonOf(await prune(future, '--dry-run', '--json')), { enterprise: 'acme', entries: last!.seq, pruned_seq: last!.seq, dry_run: true })
    t.strictSame(await newest(db), [last])
  })
  await t.test('the oldest up to a moment, in batches; the trail says so, and verify starts behind them', async (t) => {
    // The entries behind the first 2,100 were made now, those before long ago.
    const restore = await tamper(
      sql`update audit_entry set created_on = '2021-06-01T12:00:00Z' where enterprise_id = ${ours.id} and seq <= 1500`,
    )
    const pruned = jsonOf(await prune('2021-06-01T14:00:00.001+02:00', '--json'))
    t.strictSame(pruned, { enterprise: 'acme', entries: 1500, pruned_seq: 1500, dry_run: false })
    const entries = entriesOf(await inAcme('audit', 'export'))
    t.equal(entries[0]?.seq, 1501)
    const [record] = await newest(db)
    t.match(record, {
      ...COMMAND_LINE, ...none, action: 'audit.prune', seq: last!.seq + 1,
      before: { pruned_seq: 0, pruned_hash: NO_HASH }, after: { pruned_seq: 1500, pruned_hash: entries[0]!.prev },
    })
    t.strictSame((await verify())[0], { enterprise: 'acme', entries: entries.length, seq: record!.seq, hash: record!.hash, faults: [], more: 0 })
    const gone = await inAcme('audit', 'verify', '--head', `1:${NO_HASH}`)
    t.match([gone.code, gone.out.at(-1)], [1, /pruned: nothing is left to compare with/])
    t.match(await inAcme('audit', 'verify', '--head', `1500:${entries[0]!.prev}`), { code: 0 })
    t.match((await call('GET /audit/?limit=1', { key: superuser })).json(), { results: [{ seq: 1501 }] })
    await restore()
  })
  await t.test('one that was cut off is finished by the next, and is no fault meanwhile', async (t) => {
    const restore = await tamper()
    const left = sql`create table left_over as select * from audit_entry where enterprise_id = ${ours.id} and seq <= 10`
    await left.execute(db)
    const before = new Date(Date.parse((await newest(db))[0]!.created_on) + 1)
    await prune(before.toISOString())
    await sql`insert into audit_entry select * from left_over`.execute(db)
    t.strictSame((await verify())[0]!.faults, [])
    t.match(jsonOf(await prune(before.toISOString(), '--json')), { entries: 0, pruned_seq: last!.seq })
    t.strictSame(entriesOf(await inAcme('audit', 'export')).map(({ action }) => action), ['audit.prune'])
    await sql`drop table left_over`.execute(db)
    await restore()
  })
  await t.test('two at once are one; a second one later prunes the record of the first', async (t) => {
    const both = await Promise.all([prune(future), prune(future)])
    t.strictSame(both.map(({ code }) => code), [0, 0])
    const entries = entriesOf(await inAcme('audit', 'export'))
    t.strictSame(new Set(entries.map(({ action }) => action)), new Set(['audit.prune']))
    await prune(future)
    t.match(entriesOf(await inAcme('audit', 'export')), [{ action: 'audit.prune', after: { pruned_seq: entries.at(-1)!.seq } }])
    await directory.create({ username: 'after-prune' })
    t.match((await verify())[0], { entries: 2, faults: [] })
  })
  await t.test('an enterprise without a trail, and moments that are none', async (t) => {
    await sql`insert into enterprise (id, uuid, name) values (5, gen_random_uuid(), 'old')`.execute(db)
    t.strictSame(jsonOf(await roster('audit', 'prune', '--enterprise', 'old', '--before', future, '--json')),
      { enterprise: 'old', entries: 0, pruned_seq: 0, dry_run: false })
    t.match(await roster('audit', 'verify', '--enterprise', 'old', '--head', `1:${NO_HASH}`), { code: 1 })
    for (const moment of ['x', '2026-02-30', '2026-13-01', '2026-01-01T25:00:00Z', '2026-01-01T00:00:00', '1.1.2026']) {
      t.match(await prune(moment), { code: 2, out: [] }, moment)
    }
  })
})
