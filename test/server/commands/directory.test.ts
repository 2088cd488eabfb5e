import { sql } from 'kysely'
import { parseKey } from '../../../src/auth/keys.js'
import { makeLookup } from '../../../src/db/lookups.js'
import type { NewEnterprise } from '../../../src/users/enterprise.js'
import { printMany } from '../../../src/commands/program.js'
import { run } from '../../../src/commands/run.js'
import { finish, jsonOf, type Ran, runHere, start } from '../../helpers/command.js'
import { freshDatabase } from '../../helpers/database.js'
import { thisFile } from '../../helpers/this-file.js'

const t = thisFile()

const { store, db } = await freshDatabase(t)
const roster = (...args: string[]): Promise<Ran> => runHere(store, ...args)
const create = (name: string, admin: string, email: string, ...more: string[]) =>
  roster('enterprise', 'create', name, '--admin', admin, '--email', email, ...more)
const UUID = /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/
const ownerOf = (key: string) => {
  const parsed = parseKey(key)
  return parsed && makeLookup(db)({ ...parsed, user_id: undefined })
}
const counted = async () => (await sql<{ n: number }>`
  select (select count(*) from enterprise) + (select count(*) from user_account) + (select count(*) from api_key) as n`
  .execute(db)).rows[0]!.n

const acme = jsonOf<NewEnterprise>(await create('acme', 'alice', 'alice@acme.example', '--json'))

t.test('enterprise create', async (t) => {
  await t.test('one JSON object with exactly these fields, whose key works', async (t) => {
    t.strictSame(Object.keys(acme), ['enterprise', 'name', 'user_id', 'api_key'])
    t.match(acme, { enterprise: UUID, name: 'acme', user_id: Number, api_key: /^rst_/ })
    const owner = await ownerOf(acme.api_key)
    t.match(owner, {
      wanted: {
        id: acme.user_id, username: 'alice', email: 'alice@acme.example', is_active: true, is_superuser: true,
        role: 'Enterprise Admin', is_email_verified: false, groups: [],
      },
      enterprise: { uuid: acme.enterprise, name: 'acme', google_enterprise_id: null },
    })
  })

  await t.test('for people: a line a field; the hint goes to stderr', async (t) => {
    const { code, out, note } = await roster('enterprise', 'create', 'globex', '--admin', 'gina')
    t.equal(code, 0)
    t.match(out, [/^enterprise {2}[0-9a-f-]{36}$/, /^name {8}globex$/, /^user_id {5}\d+$/, /^api_key {5}rst_\w+$/])
    t.strictSame(note, ['The key is shown this once: keep it now.'])
    t.equal((await ownerOf(out[3]!.split(/ +/)[1]!))?.wanted?.email, '', 'the address is optional')
  })

  await t.test('a name that is taken: nothing is made', async (t) => {
    const before = await counted()
    const again = await create('acme', 'bob', '', '--json')
    t.match(again, { code: 1, out: [], note: ['roster: there is an enterprise acme already'] })
    t.equal(await counted(), before)
  })

  await t.test('malformed names, usernames and addresses are usage errors; nothing is made', async (t) => {
    const before = await counted()
    const long = 'x'.repeat(151)
    for (const [name, admin, email, message] of [
      ...['', 'Acme', '_a', 'a b', 'ä', 'a'.repeat(64), 'a\n'].map((name) => [name, 'a', '', /name of an enterprise must/] as const),
      ['a1', '', '', /^roster: username: must have 1 to 150 characters$/],
      ['a1', long, '', /^roster: username: must have 1 to 150 characters$/],
      ['a1', ' a', '', /^roster: username: must have no control/],
      ['a1', 'a\u200b', '', /^roster: username: must have no control/],
      ['a1', 'a\ufe0f', '', /^roster: username: must have no control/],
      ['a1', '\u2800', '', /^roster: username: must have no control/],
      ['a1', 'a', 'nobody', /^roster: email: must be a valid e-mail address, or empty$/],
      ['a1', 'a', `${'a'.repeat(245)}@b.example`, /^roster: email: must have 0 to 254 characters$/],
      ['a1', long, 'nobody', /username: .*; email: /],
    ] as const) {
      const { code, out, note } = await create(name, admin, email)
      t.match({ code, out, note: note.join() }, { code: 2, out: [], note: message }, JSON.stringify([name, admin, email]))
    }
    t.equal(await counted(), before)
  })

  await t.test('the longest and the shortest names', async (t) => {
    const address = `${'a'.repeat(244)}@b.example`
    for (const name of ['0', `${'z'.repeat(61)}-9`, 'a--']) {
      t.equal(jsonOf<NewEnterprise>(await create(name, '\u{1F600}'.repeat(150), address, '--json')).name, name)
    }
  })

  await t.test('twenty equal ones at once: one is made', async (t) => {
    const all = await Promise.all(Array.from({ length: 20 }, () => create('initech', 'ian', '', '--json')))
    t.equal(all.filter(({ code }) => code === 0).length, 1)
    t.ok(all.every(({ code, note }) => code === 0 || (code === 1 && note[0] === 'roster: there is an enterprise initech already')))
  })
})

t.test('enterprise list', async (t) => {
  const { code, out } = await roster('enterprise', 'list')
  t.equal(code, 0)
  t.match(out[0], /^enterprise +name +google_enterprise_id +created_on$/)
  t.ok(out.some((line) => /^[0-9a-f-]{36} {2}acme +- +\d{4}-\d\d-\d\dT[\d:.]+Z$/.test(line)))
  const rows = jsonOf<Record<string, unknown>[]>(await roster('enterprise', 'list', '--json'))
  t.strictSame(rows.map((row) => row.name), rows.map((row) => row.name as string).toSorted(), 'by name')
  t.match(rows.find((row) => row.name === 'acme'), { enterprise: acme.enterprise, google_enterprise_id: null, created_on: String })
  t.strictSame(Object.keys(rows[0]!), ['enterprise', 'name', 'google_enterprise_id', 'created_on'], 'the number is not shown')
})

t.test('key create', async (t) => {
  await t.test('one JSON object with exactly these fields; the key works and lives 1,000 days', async (t) => {
    const made = jsonOf<{ api_key: string; expires_on: string }>(
      await roster('key', 'create', '--enterprise', 'acme', '--user', 'ALICE', '--json'),
    )
    t.strictSame(Object.keys(made), ['api_key', 'expires_on'])
    t.equal((await ownerOf(made.api_key))?.user.id, acme.user_id, 'names are compared without case')
    t.ok(Math.abs(Date.parse(made.expires_on) - Date.now() - 1000 * 86_400_000) < 60_000)
    t.ok(await ownerOf(acme.api_key), 'the first key stays valid')
  })
  await t.test('for people', async (t) => {
    const { out, note } = await roster('key', 'create', '--enterprise', 'acme', '--user', 'alice')
    t.match(out, [/^api_key {5}rst_/, /^expires_on {2}\d{4}-.*Z$/])
    t.strictSame(note, ['The key is shown this once: keep it now.'])
  })
  await t.test('with a name, for fewer days, to read alone', async (t) => {
    const options = ['--name', 'nightly', '--expires-days', '7', '--read-only', '--json']
    const made = jsonOf<{ api_key: string; expires_on: string }>(
      await roster('key', 'create', '--enterprise', 'globex', '--user', 'gina', ...options),
    )
    t.ok(Math.abs(Date.parse(made.expires_on) - Date.now() - 7 * 86_400_000) < 60_000)
    t.match(await ownerOf(made.api_key), { api_key: { read_only: true } })
    const listed = jsonOf<object[]>(await roster('key', 'list', '--enterprise', 'globex', '--json'))
    t.match(listed[1], { name: 'nightly', kind: 'made', read_only: true })
  })
  await t.test('unknown enterprise or user, also a user of another enterprise', async (t) => {
    for (const [enterprise, user, message] of [
      ['nowhere', 'alice', 'roster: there is no enterprise nowhere'],
      ['acme', 'nobody', 'roster: there is no user nobody in acme'],
      ['acme', 'gina', 'roster: there is no user gina in acme'],
      ['acme', '', 'roster: there is no user  in acme'],
    ] as const) {
      const ran = await roster('key', 'create', '--enterprise', enterprise, '--user', user, '--json')
      t.match(ran, { code: 1, out: [], note: [message] })
    }
  })
})

t.test('key list: every key with its owner, never a secret', async (t) => {
  const ran = await roster('key', 'list', '--enterprise', 'acme', '--json')
  const rows = jsonOf<Record<string, unknown>[]>(ran)
  t.equal(rows.length, 3)
  t.strictSame(
    Object.keys(rows[0]!),
    [
      ...['id', 'user_id', 'name', 'prefix', 'kind', 'read_only', 'created_on', 'expires_on', 'revoked_on', 'last_used_on'],
      ...['replaced_on', 'username'],
    ],
  )
  t.match(rows[0], { prefix: parseKey(acme.api_key)!.prefix, username: 'alice', user_id: acme.user_id, revoked_on: null })
  const people = await roster('key', 'list', '--enterprise', 'acme')
  t.match(people.out[0], /^prefix +username +user_id +name +kind +read_only +created_on +expires_on +revoked_on +last_used_on$/)
  t.equal(people.out.length, 4)
  const [, , secret = '', checksum = ''] = acme.api_key.split('_')
  const hash = parseKey(acme.api_key)!.hash
  for (const leak of [secret, secret.slice(0, 5), checksum, hash, Buffer.from(hash, 'hex').toString('base64')]) {
    t.notOk([...ran.out, ...people.out].join().includes(leak))
  }
  t.match(await roster('key', 'list', '--enterprise', 'nowhere'), { code: 1, out: [] })
})

t.test('key revoke', async (t) => {
  const made = jsonOf<{ api_key: string }>(await roster('key', 'create', '--enterprise', 'acme', '--user', 'alice', '--json'))
  const { prefix } = parseKey(made.api_key)!
  const revoke = (enterprise: string, which: string, ...more: string[]) =>
    roster('key', 'revoke', which, '--enterprise', enterprise, ...more)
  await t.test('an unknown prefix, another enterprise, an unknown one: nothing is revoked', async (t) => {
    for (const [enterprise, which] of [['acme', 'rst_0_aaaa'], ['acme', '%'], ['globex', prefix], ['nowhere', prefix]] as const) {
      t.match(await revoke(enterprise, which), { code: 1, out: [], note: [/^roster: (no key of|there is no enterprise)/] })
    }
    t.ok(await ownerOf(made.api_key))
  })
  await t.test('the key is refused from then on, the others are not', async (t) => {
    t.strictSame(jsonOf(await revoke('acme', prefix, '--json')), { revoked: 1 })
    t.equal(await ownerOf(made.api_key), undefined)
    t.ok(await ownerOf(acme.api_key))
    const rows = jsonOf<{ prefix: string; revoked_on: string | null }[]>(await roster('key', 'list', '--enterprise', 'acme', '--json'))
    t.match(rows.find((row) => row.prefix === prefix)?.revoked_on, /Z$/)
  })
  await t.test('a second time there is nothing to revoke', async (t) => {
    t.match(await revoke('acme', prefix), { code: 1, note: ['roster: no key of acme has this prefix, or it is revoked already'] })
  })
  await t.test('for people', async (t) => {
    t.strictSame((await revoke('acme', parseKey(acme.api_key)!.prefix)).out, ['revoked  1'])
  })
})

t.test('the same as processes: the result alone is on stdout', async (t) => {
  const made = await finish(start(store, 'enterprise', 'create', 'hooli', '--admin', 'gavin', '--json'))
  t.equal(made.code, 0)
  t.equal(jsonOf<NewEnterprise>(made).name, 'hooli')
  t.strictSame(made.note, [])
  const [taken, listed] = await Promise.all([
    finish(start(store, 'enterprise', 'create', 'hooli', '--admin', 'gavin')),
    finish(start(store, 'key', 'list', '--enterprise', 'hooli', '--json')),
  ])
  t.match(taken, { code: 1, out: [], note: ['roster: there is an enterprise hooli already'] })
  t.match(listed.code, 0)
  t.match(jsonOf<object[]>(listed), [{ username: 'gavin', revoked_on: null }])
})

t.test('what a result can lack is shown as -, and a fault of the terminal is told as well', async (t) => {
  const out: string[] = []
  const terminal = { env: { ...store }, out: (line: string) => out.push(line), note: (line: string) => out.push(line) }
  printMany(terminal, false, ['a', 'bb'], [{ a: 'long' }, { bb: true }])
  t.strictSame(out.splice(0), ['a     bb', 'long  -', '-     true'])
  const broken = { ...terminal, out: () => { throw new Error('the pipe') } }
  t.equal(await run(['enterprise', 'list'], broken), 1)
  t.strictSame(out, ['roster: the pipe'])
})
