import argon2 from 'argon2'
import type { Test } from 'tap'
import { nameKey } from '../../src/names.js'
import type { User } from '../../src/users/user.js'
import {
  allowed, allowedPasswords, allowedProfiles, refusesBrokenBodies, refusesLargeBodies, refusesOtherTypes, sized,
} from './bodies.js'
import { byKey, newest } from './audit.js'
import { type Call, type Directory, isError, withBrokenTable, withLostDatabase } from './directory.js'

type Fields = Readonly<Record<string, unknown>>
/** Whom a request names, and the name that a PUT must repeat. */
type Target = Pick<User, 'id' | 'username'>

const MANAGERS = 'Only those who manage users may do this.'
const SUPERUSERS = 'Only a superuser may do this to a superuser.'
const ONESELF = 'Nobody may delete, deactivate or demote themself.'

let made = 0

/** What the files of PUT and PATCH use of a directory. */
export function changesOf({ call, superuser, db, keyOf, create }: Directory, method: 'PUT' | 'PATCH') {
  const send = (id: number | string, options: Call) =>
    call(`${method} /user/${String(id)}/`, { key: superuser, ...options })
  const read = async (id: number): Promise<User> => (await call(`GET /user/${String(id)}/`, { key: superuser })).json()
  const row = (id: number) => db.selectFrom('user_account').selectAll().where('id', '=', id).executeTakeFirstOrThrow()
  return {
    send,
    read,
    row,
    /** Sends a change of some fields; a PUT repeats the name and has a profile. */
    change: ({ id, username }: Target, fields: Fields, key = superuser) =>
      send(id, { key, json: method === 'PUT' ? { username, profile: {}, ...fields } : fields }),
    /** A new user with all fields set, and its key. */
    member: async (fields: Fields = {}): Promise<User & { key: string }> => {
      const username = `user-${String(++made)}`
      const names = { first_name: 'First', last_name: 'Last' }
      const profile = { role: 'Viewer', groups: ['b', 'a'], authz_role_id: 'r-1' }
      const user = await create({ username, email: `${username}@acme.example`, ...names, profile, ...fields })
      return { ...user, key: await keyOf(user.username) }
    },
    /** Makes a user a superuser, which the API can't. */
    promote: (id: number) => db.updateTable('user_account').set({ is_superuser: true }).where('id', '=', id).execute(),
  }
}

async function changes(t: Test, directory: Directory, method: 'PUT' | 'PATCH'): Promise<void> {
  const { call, superuser, admin, acme } = directory
  const { send, read, row, change, member, promote } = changesOf(directory, method)

  await t.test('every field, by an admin, and nothing but what was sent', async (t) => {
    const before = await read((await member()).id)
    const profile = { role: 'Group Admin', groups: ['c'], authz_role_id: null }
    const names = { first_name: 'Karla', last_name: 'Klark', is_active: false }
    const fields = { ...names, username: `Karla-${method}`, email: `${method}@acme.example` }
    const answer = await change(before, { ...fields, profile }, admin.key)
    t.equal(answer.statusCode, 200)
    const { updated_on } = answer.json<User>().profile
    t.strictSame(answer.json(), {
      ...before, ...fields, full_name: 'Karla Klark', profile: { ...before.profile, ...profile, updated_on },
    })
    t.ok(updated_on > before.profile.updated_on)
    t.strictSame(await read(before.id), answer.json())
  })
  await t.test('each field alone: absence keeps the others, inside profile too', async (t) => {
    const user = await member()
    let last = await read(user.id)
    const steps: { profile?: object; [field: string]: unknown }[] = [
      ...[{ first_name: '' }, { last_name: 'L' }, { email: '' }, { email: `again-${user.email}` }, { is_active: false }],
      ...[{ role: 'Group Viewer' }, { groups: [] }, { authz_role_id: null }].map((profile) => ({ profile })),
    ]
    for (const { profile = {}, ...fields } of steps) {
      const answer = await change(user, { ...fields, profile })
      t.equal(answer.statusCode, 200)
      const now = answer.json<User>()
      t.strictSame(now, {
        ...last,
        ...fields,
        full_name: `${now.first_name} ${now.last_name}`.trim(),
        profile: { ...last.profile, ...profile, updated_on: now.profile.updated_on },
      })
      t.ok(now.profile.updated_on > last.profile.updated_on)
      last = now
    }
  })
  await t.test('values at the edge of the contract', async (t) => {
    const user = await member()
    for (const [fields, expected] of allowed) {
      const answer = await change(user, fields)
      t.equal(answer.statusCode, 200)
      t.strictSame({ ...answer.json<User>(), ...expected }, answer.json())
    }
    for (const [profile, expected] of allowedProfiles) {
      const answer = await change(user, { profile })
      t.equal(answer.statusCode, 200)
      t.strictSame({ ...answer.json<User>().profile, ...expected }, answer.json<User>().profile)
    }
    const headers = { 'content-type': 'application/json;charset=utf-8' }
    const payload = sized(262_144, { username: user.username, profile: {} })
    t.equal((await send(user.id, { payload, headers })).statusCode, 200)
  })
  await t.test('a user as read may be sent back, by managers and by itself, and nothing changes', async (t) => {
    const user = await member({ password: 'correct horse' })
    for (const key of [superuser, admin.key, user.key]) {
      const before = await row(user.id)
      const answer = await send(user.id, { key, json: await read(user.id) })
      t.equal(answer.statusCode, 200)
      t.strictSame(answer.json(), await read(user.id))
      t.strictSame(await row(user.id), before)
    }
    const alice = await read(acme.user_id)
    t.strictSame((await send(alice.id, { key: admin.key, json: alice })).json(), alice)
    t.strictSame((await send(admin.id, { key: admin.key, json: await read(admin.id) })).json(), await read(admin.id))
  })
  await t.test('repeating values, with duplicates among the groups or an empty password, is no change', async (t) => {
    const user = await member()
    const before = await row(user.id)
    for (const key of [admin.key, user.key]) {
      const profile = { groups: ['b', 'a', 'b'], enterprise: acme.enterprise.toUpperCase(), authz_role_id: 'r-1' }
      t.equal((await change(user, { profile, password: '', is_active: true }, key)).statusCode, 200)
      t.strictSame(await row(user.id), before)
    }
  })
  await t.test('unknown and read-only fields are ignored', async (t) => {
    const user = await member()
    const before = await row(user.id)
    const flags = { is_staff: true, is_superuser: true, is_email_verified: true, is_endpoint_creator: true }
    const others = { id: 1, full_name: 1, emm: null, has_emm: 1, last_login: 'x', token: 1 }
    const profile = { is_customer: true, created_on: null, updated_on: 1 }
    const answer = await change(user, { ...flags, ...others, profile })
    t.equal(answer.statusCode, 200)
    t.strictSame(await row(user.id), before)
    const request = `${method} /user/${String(user.id)}?format=json&limit=x`
    t.equal((await call(request, { key: superuser, json: answer.json() })).statusCode, 200)
  })
  await t.test('the audit trail has an entry of what changed alone, and none of what did not', async (t) => {
    const user = await member()
    const fields = { first_name: 'New', email: `audited-${method}@acme.example`, is_active: true, password: 'correct horse' }
    await directory.db.updateTable('user_account').set({ is_email_verified: true }).where('id', '=', user.id).execute()
    const json = { username: user.username, ...fields, profile: { role: 'Group Admin', groups: ['b', 'a'] } }
    await send(user.id, { key: admin.key, json, headers: { 'x-request-id': 'change-1' } })
    const [entry] = await newest(directory.db)
    t.match(entry, { action: 'user.update', ...byKey(admin.id, admin.key, 'change-1', user.id) })
    t.strictSame(entry?.before, {
      email: user.email, first_name: 'First', is_email_verified: true, profile: { role: 'Viewer' },
    })
    t.strictSame(entry?.after, {
      email: fields.email, first_name: 'New', is_email_verified: false, profile: { role: 'Group Admin' }, password: 'changed',
    })
    t.notMatch(JSON.stringify(entry), /correct horse|argon2/)
    await change(user, { first_name: 'New', profile: { groups: ['b', 'a'] } })
    isError(t, await change(user, { username: 'vera' }), 400, 'duplicate')
    t.strictSame(await newest(directory.db), [entry])
    await change(user, { last_name: 'Own' }, (await member({ is_active: false })).key)
    t.not((await newest(directory.db))[0]?.action, 'user.update', 'nor of what was refused')
  })
  await t.test('a name that an earlier release took stays until it is changed', async (t) => {
    for (const [i, character] of ['\ufe0f', '\u3164', '\u2800'].entries()) {
      const user = await member({ password: 'correct horse' })
      const username = `old-${method}-${String(i)}${character}`
      const stored = { username, username_key: nameKey(username) }
      await directory.db.updateTable('user_account').set(stored).where('id', '=', user.id).execute()
      const old = { id: user.id, username }
      const changed = await change(old, { username, first_name: 'New' })
      t.match([changed.statusCode, changed.json()], [200, { username, first_name: 'New' }])
      t.equal((await send(user.id, { key: admin.key, json: await read(user.id) })).statusCode, 200, 'as it was read')
      t.equal((await change(old, { username, last_name: 'Own' }, user.key)).statusCode, 200, 'by the user')
      t.match((await call(`GET /user/?username=${encodeURIComponent(username.toUpperCase())}`, { key: superuser })).json(), { count: 1 })
      const login = { json: { username, password: 'correct horse' }, headers: { 'x-tenant': 'acme' } }
      t.equal((await call('POST /login/', login)).statusCode, 200)
      const refused = ['username: must have no control, format, separator or invisible characters, and no white space at its ends']
      for (const name of [username.toUpperCase(), `${username}${character}`, character]) {
        isError(t, await change(old, { username: name }), 400, 'validation_failed', refused)
      }
      const other = await member()
      isError(t, await change(other, { username }), 400, 'validation_failed', refused)
      t.equal((await change(old, { username: `new-${method}-${String(i)}` })).statusCode, 200)
      isError(t, await change({ id: user.id, username }, { username }), 400, 'validation_failed', refused)
    }
  })
  await t.test('the order of groups is a change', async (t) => {
    const user = await member()
    t.strictSame((await change(user, { profile: { groups: ['a', 'b'] } })).json<User>().profile.groups, ['a', 'b'])
  })
  await t.test('the own name and address in other letters are free, and those that somebody gave up', async (t) => {
    const user = await member()
    const upper = { username: user.username.toUpperCase(), email: user.email.toUpperCase() }
    t.strictSame({ ...(await change(user, upper)).json<User>(), ...upper }, await read(user.id))
    const other = await member()
    await change(user, { username: `gone-${method}`, email: '' })
    t.equal((await change(other, { username: user.username, email: user.email })).statusCode, 200)
    t.equal((await change({ ...user, username: `gone-${method}` }, { email: '' })).statusCode, 200)
  })
  await t.test('a changed address is not verified', async (t) => {
    const user = await member()
    const verify = () =>
      directory.db.updateTable('user_account').set({ is_email_verified: true }).where('id', '=', user.id).execute()
    await verify()
    t.equal((await change(user, { email: user.email, first_name: 'x' })).json<User>().is_email_verified, true)
    t.equal((await change(user, { email: `new-${user.email}` })).json<User>().is_email_verified, false)
    await verify()
    t.equal((await change(user, { email: '' })).json<User>().is_email_verified, false)
  })
  await t.test('anyone changes their own names and password', async (t) => {
    for (const role of ['Viewer', 'Group Admin', 'Group Viewer']) {
      const user = await member({ profile: { role } })
      const answer = await change(user, { first_name: 'My', last_name: 'Self', password: 'correct horse' }, user.key)
      t.equal(answer.statusCode, 200)
      t.equal(answer.json<User>().full_name, 'My Self')
      t.ok(await argon2.verify(String((await row(user.id)).password_hash), 'correct horse'))
    }
  })
  await t.test('a password is always a change, stored as argon2id and never shown', async (t) => {
    const user = await member()
    let last = ''
    for (const password of [...allowedPasswords, ...allowedPasswords.slice(-1)]) {
      const answer = await change(user, { password })
      t.equal(answer.statusCode, 200)
      const hash = String((await row(user.id)).password_hash)
      t.match(hash, /^\$argon2id\$v=19\$/)
      t.ok(await argon2.verify(hash, password.normalize('NFKC')))
      t.not(hash, last)
      t.notMatch(answer.body, 'argon2')
      t.notOk('password' in answer.json<object>())
      last = hash
    }
    const { updated_on } = (await read(user.id)).profile
    await change(user, { password: '' })
    t.equal((await row(user.id)).password_hash, last)
    t.equal((await read(user.id)).profile.updated_on, updated_on)
  })
  await t.test('a new role, and deactivation, hold at the very next request', async (t) => {
    const user = await member()
    const sees = async () => (await call('GET /user/?limit=1', { key: user.key })).json<{ count?: number }>().count
    t.equal(await sees(), 1)
    t.equal((await change(user, { profile: { role: 'Enterprise Admin' } }, admin.key)).json<User>().is_staff, true)
    t.ok(Number(await sees()) > 1)
    t.equal((await change(user, { profile: { role: 'Viewer' } }, admin.key)).json<User>().is_staff, false)
    t.equal(await sees(), 1)
    await change(user, { is_active: false }, admin.key)
    isError(t, await change(user, {}, user.key), 401, 'invalid_credentials')
    await change(user, { is_active: true }, admin.key)
    isError(t, await change(user, {}, user.key), 401, 'invalid_credentials')
    t.equal((await change(user, {}, await directory.keyOf(user.username))).statusCode, 200, 'with a new key')
  })
  await t.test('a superuser deactivates and demotes another, and may give up a role that it needs not', async (t) => {
    const user = await member()
    await promote(user.id)
    const fields = { first_name: 'x', is_active: false, profile: { role: 'Viewer' } }
    const answer = await change(user, fields)
    t.equal(answer.statusCode, 200)
    t.equal(answer.json<User>().is_staff, true)
    const alice = await read(acme.user_id)
    t.equal((await change(alice, { profile: { role: 'Viewer' } })).statusCode, 200)
    t.equal((await change(alice, { profile: { role: 'Enterprise Admin' } })).statusCode, 200)
  })
}

async function refusals(t: Test, directory: Directory, method: 'PUT' | 'PATCH'): Promise<void> {
  const { superuser, globex, viewer } = directory
  const { send, row, change, member } = changesOf(directory, method)

  await refusesBrokenBodies(t, (options) => send(viewer.id, options), globex.enterprise)
  await t.test('a broken body comes before the user that is not there', async (t) => {
    isError(t, await send(9007199254740991, { json: { username: '', profile: {} } }), 400, 'validation_failed')
  })
  await t.test('duplicates of name and address, together, whatever the letters', async (t) => {
    const user = await member()
    const other = await member({ username: `straße-${method}` })
    const email = 'VERA@acme.example'
    const taken = ['username: belongs to another user', 'email: belongs to another user']
    isError(t, await change(user, { username: `STRASSE-${method}` }), 400, 'duplicate', taken.slice(0, 1))
    isError(t, await change(user, { email }), 400, 'duplicate', taken.slice(1))
    isError(t, await change(user, { username: other.username, email, first_name: 'x' }), 400, 'duplicate', taken)
    t.equal((await row(user.id)).first_name, user.first_name)
    // The name stays, so only the address is in question.
    isError(t, await change(user, { username: user.username.toUpperCase(), email }), 400, 'duplicate', taken.slice(1))
  })
  await t.test('of many who want one name at once, one gets it', async (t) => {
    const users = await Promise.all([member(), member(), member(), member()])
    const answers = await Promise.all(users.map((user) => change(user, { username: `race-${method}` })))
    t.strictSame(answers.map(({ statusCode }) => statusCode).sort(), [200, 400, 400, 400])
  })
  await t.test('a password like the name or the address, sent or stored', async (t) => {
    const user = await member({ username: `straße-name-${method}`, email: `local-part-${method}@acme.example` })
    for (const password of [`STRASSE-NAME-${method}`, `LOCAL-part-${method}@acme.example`, `local-PART-${method}`]) {
      for (const key of [superuser, user.key]) {
        const answer = await change(user, { password }, key)
        isError(t, answer, 400, 'weak_password', ['password: must not be the name or the address'])
      }
    }
    const answer = await change(user, { email: 'other-part@acme.example', password: 'other-part', is_active: false })
    isError(t, answer, 400, 'weak_password', ['password: must not be the name or the address'])
    t.equal((await row(user.id)).password_hash, null)
    // The stored address is given up with this request.
    const moved = await change(user, { email: 'other-part@acme.example', password: `local-part-${method}` })
    t.equal(moved.statusCode, 200)
  })
}

async function strangers(t: Test, directory: Directory, method: 'PUT' | 'PATCH'): Promise<void> {
  const { superuser, admin, acme, globex, viewer } = directory
  const { send, read, row, change, member, promote } = changesOf(directory, method)

  await t.test('another user, whether or not it is there, before the body is looked at', async (t) => {
    for (const role of ['Viewer', 'Group Admin', 'Group Viewer']) {
      const { key } = await member({ profile: { role } })
      for (const id of [viewer.id, acme.user_id, globex.user_id, 9007199254740991, '123abc', '01', '9'.repeat(20)]) {
        isError(t, await send(id, { key, json: {} }), 403, 'forbidden', [MANAGERS])
      }
      for (const payload of ['{', ' '.repeat(262_145)]) {
        isError(t, await send('x', { key, payload }), 403, 'forbidden', [MANAGERS])
      }
    }
  })
  await t.test('of who may not manage users: the own name, address, state and profile', async (t) => {
    const user = await member()
    const before = await row(user.id)
    const changes: Fields[] = [
      // Taken or free must not show.
      ...['somebody-else', 'alice', user.username.toUpperCase()].map((username) => ({ username })),
      ...['', 'alice@acme.example', 'nobody@acme.example', user.email.toUpperCase()].map((email) => ({ email })),
      ...[{ role: 'Enterprise Admin' }, { groups: [] }, { groups: ['a', 'b'] }, { authz_role_id: null }].map(
        (profile) => ({ profile }),
      ),
      { is_active: false },
      { email: 'alice@acme.example', password: user.email },
    ]
    for (const fields of changes) {
      isError(t, await change(user, { ...fields, first_name: 'x' }, user.key), 403, 'forbidden', [MANAGERS])
    }
    t.strictSame(await row(user.id), before)
  })
  await t.test('a superuser, by an admin', async (t) => {
    const alice = await read(acme.user_id)
    const changes: Fields[] = [
      ...[{ first_name: 'x' }, { password: 'correct horse' }, { is_active: false }, { username: 'vera' }],
      ...[{ profile: { role: 'Viewer' } }, { password: 'alice@acme.example' }],
    ]
    for (const fields of changes) {
      isError(t, await change(alice, fields, admin.key), 403, 'forbidden', [SUPERUSERS])
    }
    t.strictSame(await read(acme.user_id), alice)
  })
  await t.test('deactivating and demoting oneself', async (t) => {
    for (const [id, key] of [[acme.user_id, superuser], [admin.id, admin.key]] as const) {
      const self = await read(id)
      isError(t, await change(self, { is_active: false, first_name: 'x' }, key), 403, 'forbidden', [ONESELF])
      t.strictSame(await read(id), self)
    }
    for (const role of ['Viewer', 'Group Admin', 'Group Viewer']) {
      isError(t, await change(admin, { profile: { role } }, admin.key), 403, 'forbidden', [ONESELF])
    }
  })
  await t.test('of two who demote or deactivate each other at once, one is left', async (t) => {
    const profile = { role: 'Enterprise Admin' }
    for (let round = 0; round < 5; round++) {
      const [a, b] = [await member({ profile }), await member({ profile })]
      const demote = { profile: { role: 'Viewer' } }
      const demoted = await Promise.all([change(a, demote, b.key), change(b, demote, a.key)])
      t.strictSame(demoted.map(({ statusCode }) => statusCode).sort(), [200, 403])

      await Promise.all([promote(a.id), promote(b.id)])
      const off = { is_active: false }
      const deactivated = await Promise.all([change(a, off, b.key), change(b, off, a.key)])
      t.strictSame(deactivated.map(({ statusCode }) => statusCode).sort(), [200, 401])
    }
  })
}

async function preconditions(t: Test, directory: Directory, method: 'PUT' | 'PATCH'): Promise<void> {
  const { call, superuser, admin, acme, globex, viewer } = directory
  const { send, read, row, member } = changesOf(directory, method)
  const stale = ['If-Match: names no tag that the user has now']
  const tagOf = async (id: number) => String((await call(`GET /user/${String(id)}/`, { key: superuser })).headers.etag)
  const changeIf = ({ id, username }: Target, ifMatch: string, fields: Fields, key = superuser) =>
    send(id, { key, headers: { 'if-match': ifMatch }, json: { username, profile: {}, ...fields } })

  await t.test('a user that has changed since it was read', async (t) => {
    const user = await member()
    const seen = await tagOf(user.id)
    const changed = await changeIf(user, seen, { first_name: 'A' })
    t.equal(changed.statusCode, 200)
    const now = await tagOf(user.id)
    t.equal(changed.headers.etag, now)
    t.not(now, seen)
    const before = await row(user.id)
    for (const header of [seen, `W/${now}`, `${seen}, W/${now}`, '"x"', now.replace('"', '"x'), '"*"', '""']) {
      for (const fields of [{ first_name: 'B' }, {}, { first_name: 'A' }, { password: 'correct horse' }]) {
        isError(t, await changeIf(user, header, fields), 412, 'precondition_failed', stale)
      }
    }
    isError(t, await send(user.id, { headers: { 'if-match': seen }, json: await read(user.id) }), 412, 'precondition_failed', stale)
    t.strictSame(await row(user.id), before)
  })
  await t.test('one of the tags is the one that it has, or any is meant', async (t) => {
    const user = await member()
    for (const header of ['*', `"x", ${await tagOf(user.id)}`, ` , ${await tagOf(user.id)} ,,W/"y"`]) {
      const answer = await changeIf(user, header, {})
      t.equal(answer.statusCode, 200)
      t.equal(answer.headers.etag, await tagOf(user.id), 'nothing was changed')
    }
    t.equal((await changeIf(user, await tagOf(user.id), { last_name: 'Own' }, user.key)).statusCode, 200)
  })
  await t.test('the user that is not there, and what the caller may not do, come before it', async (t) => {
    const nobody = { id: 9007199254740991, username: 'x' }
    for (const target of [nobody, { id: globex.user_id, username: 'gina' }]) {
      isError(t, await changeIf(target, '"x"', {}), 404, 'not_found')
    }
    isError(t, await changeIf(await read(acme.user_id), '"x"', { first_name: 'x' }, admin.key), 403, 'forbidden')
    isError(t, await changeIf(viewer, '"x"', { is_active: false }, viewer.key), 403, 'forbidden')
  })
  await t.test('it comes before the rules that need what is stored', async (t) => {
    const user = await member({ email: `tagged-${method}@acme.example` })
    for (const fields of [{ password: `tagged-${method}` }, { email: 'alice@acme.example' }]) {
      isError(t, await changeIf(user, '"x"', fields), 412, 'precondition_failed')
      t.equal((await changeIf(user, '*', fields)).statusCode, 400)
    }
  })
  await t.test('what is malformed is 400, with the other faults and before the user is looked for', async (t) => {
    const malformed = 'If-Match: must be * or a list of entity tags, with at most 1024 characters'
    for (const header of ['', 'x', '"x', 'w/"x"', '*, "x"', '"x" "y"', `"${'x'.repeat(1023)}"`]) {
      isError(t, await changeIf({ id: 9007199254740991, username: 'x' }, header, {}), 400, 'validation_failed', [malformed])
    }
    const answer = await changeIf(viewer, 'x', { first_name: 1 })
    isError(t, answer, 400, 'validation_failed', ['first_name: must be a string', malformed])
  })
}

/** The subtests that PUT and PATCH share, named by status. */
export function testChanges(t: Test, directory: Directory, method: 'PUT' | 'PATCH'): void {
  const { call, superuser, admin, acme, globex, viewer, db } = directory
  const { send, read, row, change } = changesOf(directory, method)

  t.test('200: as PUT and PATCH have it in common', (t) => changes(t, directory, method))

  t.test('400: as PUT and PATCH have it in common', (t) => refusals(t, directory, method))

  t.test('401: no key or a bad one, before id and body are looked at', async (t) => {
    for (const payload of ['{', ' '.repeat(262_145)]) {
      isError(t, await call(`${method} /user/x/`, { payload }), 401, 'not_authenticated')
      isError(t, await send('x', { key: 'x', payload }), 401, 'invalid_credentials')
    }
  })

  t.test('403', (t) => strangers(t, directory, method))

  t.test('404', async (t) => {
    await t.test('what is not a canonical decimal names no user, before the body is looked at', async (t) => {
      const ids = ['123abc', '1.0', '+1', '%201', '01', '0', '-1', '9007199254740992', '1'.repeat(300), '%00', '1e0']
      for (const id of ids) {
        isError(t, await send(id, { key: admin.key, payload: '{' }), 404, 'not_found', ['user_id: names no user'])
      }
      isError(t, await send('x', { payload: ' '.repeat(262_145) }), 404, 'not_found')
    })
    await t.test('nobody there and another enterprise answer alike', async (t) => {
      const gina = await db.selectFrom('user_account').selectAll().where('id', '=', globex.user_id).executeTakeFirst()
      for (const id of [9007199254740991, globex.user_id]) {
        for (const fields of [{}, { first_name: 'x' }, { username: 'alice', is_active: false }]) {
          const answer = await change({ id, username: 'gina' }, fields)
          isError(t, answer, 404, 'not_found', ['user_id: names no user'])
        }
      }
      t.strictSame(await row(globex.user_id), gina)
    })
  })

  t.test('405: methods that the path does not have', async (t) => {
    for (const other of ['POST', 'HEAD', 'OPTIONS']) {
      const answer = await call(`${other} /user/x/`)
      t.equal(answer.statusCode, 405)
      t.equal(answer.headers.allow, 'GET, PUT, PATCH, DELETE')
    }
  })

  t.test('412', (t) => preconditions(t, directory, method))

  t.test('413: a body over the limit, before the user is looked for', async (t) => {
    await refusesLargeBodies(t, (options) => send(9007199254740991, options))
  })

  t.test('415: a body of another type, before the user is looked for', async (t) => {
    await refusesOtherTypes(t, (options) => send(9007199254740991, options))
  })

  t.test('500: a fault that nobody foresaw tells nothing of itself, and changes nothing', async (t) => {
    const before = await read(acme.user_id)
    await withBrokenTable(db, 'user_account', async () => {
      isError(t, await change(before, { first_name: 'x' }), 500, 'internal_error', ['Internal server error.'])
    })
    t.strictSame(await read(acme.user_id), before)
    await withBrokenTable(db, 'audit_entry', async () => {
      isError(t, await change(before, { first_name: 'x' }), 500, 'internal_error')
    })
    t.strictSame(await read(acme.user_id), before, 'nor without an entry in the audit trail')
  })

  t.test('503: the database is gone', async (t) => {
    await withLostDatabase(t, directory, async (app) => {
      const url = `/api/user/${String(viewer.id)}/`
      const answer = await app.inject({ method, url, headers: { authorization: superuser } })
      isError(t, answer, 503, 'unavailable')
      t.equal(answer.headers['retry-after'], '1')
    })
  })
}
