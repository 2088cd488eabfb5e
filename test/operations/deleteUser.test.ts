import { byKey, newest } from '../helpers/audit.js'
import { closeLedger, isError, makeDirectory, withBrokenTable, withLostDatabase } from '../helpers/directory.js'
import { thisFile } from '../helpers/this-file.js'

const t = thisFile()

const directory = await makeDirectory(t)
const { call, superuser, admin, viewer, acme, globex, db } = directory

const remove = (id: number | string, key?: string) => call(`DELETE /user/${String(id)}/`, key === undefined ? {} : { key })
const read = (id: number) => call(`GET /user/${String(id)}/`, { key: superuser })
const keysOf = (id: number) => db.selectFrom('api_key').select('hash').where('user_id', '=', id).execute()
let made = 0
const create = (fields: Record<string, unknown> = {}) => directory.create({ username: `user-${String(++made)}`, ...fields })
/** A new superuser and its key; the API makes none. */
const createSuperuser = async () => {
  const user = await create()
  await db.updateTable('user_account').set({ is_superuser: true }).where('id', '=', user.id).execute()
  return { id: user.id, key: await directory.keyOf(user.username) }
}

t.test('204', async (t) => {
  await t.test('the user and its keys are gone at once', async (t) => {
    const user = await create({ username: 'bob', email: 'bob@acme.example' })
    const keys = [await directory.keyOf('bob'), await directory.keyOf('bob')]
    t.equal((await keysOf(user.id)).length, 2)
    const answer = await remove(user.id, admin.key)
    t.equal(answer.statusCode, 204)
    t.equal(answer.body, '')
    t.equal(answer.headers['content-type'], undefined)
    for (const key of keys) isError(t, await call('GET /user_info/', { key }), 401, 'invalid_credentials')
    t.strictSame(await keysOf(user.id), [])
    isError(t, await read(user.id), 404, 'not_found')
    isError(t, await remove(user.id, admin.key), 404, 'not_found')
    t.equal((await call('GET /user/', { key: superuser })).json<{ count: number }>().count, 3)
  })
  await t.test('name and address are free again, for another id', async (t) => {
    const fields = { username: 'carol', email: 'carol@acme.example' }
    const first = await create(fields)
    await remove(first.id, superuser)
    t.not((await create(fields)).id, first.id)
  })
  await t.test('the audit trail has an entry of it, which stays when the user is gone', async (t) => {
    const user = await create({ email: 'gone@acme.example', profile: { role: 'Viewer', groups: ['a'] } })
    const request = `DELETE /user/${String(user.id)}/`
    await call(request, { key: admin.key, headers: { 'x-request-id': 'delete-1' } })
    const [entry] = await newest(db)
    t.match(entry, { action: 'user.delete', ...byKey(admin.id, admin.key, 'delete-1', user.id) })
    const { username, email } = user
    const flags = { is_active: true, is_superuser: false, is_email_verified: false }
    const profile = { role: 'Viewer', groups: ['a'], authz_role_id: null }
    t.strictSame(entry?.before, { username, email, first_name: '', last_name: '', ...flags, profile })
    t.strictSame(entry?.after, {})
    await call(request, { key: admin.key })
    t.strictSame(await newest(db), [entry], 'one that is not there is no change')
  })
  await t.test('without the last slash, with a content type and no body, and with a body that is ignored', async (t) => {
    for (const payload of ['', '{', 'null', 'x'.repeat(262_144)]) {
      const { id } = await create()
      const headers = { 'content-type': 'application/json' }
      t.equal((await call(`DELETE /user/${String(id)}?format=json`, { key: superuser, payload, headers })).statusCode, 204)
    }
    const { id } = await create()
    const headers = { 'content-type': 'text/plain' }
    t.equal((await call(`DELETE /user/${String(id)}/`, { key: superuser, payload: 'x', headers })).statusCode, 204)
  })
  await t.test('an admin deletes an admin and an inactive user; a superuser deletes a superuser', async (t) => {
    t.equal((await remove((await create({ profile: { role: 'Enterprise Admin' } })).id, admin.key)).statusCode, 204)
    t.equal((await remove((await create({ is_active: false })).id, admin.key)).statusCode, 204)
    t.equal((await remove((await createSuperuser()).id, superuser)).statusCode, 204)
  })
})

t.test('400: no well-formed Host', async (t) => {
  const answer = await call(`DELETE /user/${String(viewer.id)}/`, { key: superuser, headers: { host: 'a/b' } })
  isError(t, answer, 400, 'malformed_request', ['Host: is missing or malformed'])
})

t.test('401', async (t) => {
  await t.test('no key or a bad one, before id and body are looked at', async (t) => {
    const payload = ' '.repeat(262_145)
    isError(t, await call('DELETE /user/x/', { payload }), 401, 'not_authenticated')
    isError(t, await call('DELETE /user/x/', { payload, key: 'x' }), 401, 'invalid_credentials')
  })
  await t.test('of two superusers who delete each other at once, one stays', async (t) => {
    for (let round = 0; round < 5; round++) {
      const [a, b] = [await createSuperuser(), await createSuperuser()]
      const answers = await Promise.all([remove(a.id, b.key), remove(b.id, a.key)])
      t.strictSame(answers.map(({ statusCode }) => statusCode).sort(), [204, 401])
      const left = await Promise.all([read(a.id), read(b.id)])
      t.strictSame(left.map(({ statusCode }) => statusCode).sort(), [200, 404])
    }
  })
})

t.test('403', async (t) => {
  const managers = ['Only those who manage users may do this.']
  await t.test('those who may not manage users, whomever they name, before the body is looked at', async (t) => {
    for (const role of ['Viewer', 'Group Admin', 'Group Viewer']) {
      const { id, username } = await create({ profile: { role } })
      const key = await directory.keyOf(username)
      for (const named of [id, viewer.id, acme.user_id, globex.user_id, 9007199254740991, '123abc', '01', '9'.repeat(20)]) {
        isError(t, await remove(named, key), 403, 'forbidden', managers)
      }
      const large = await call('DELETE /user/1/', { key, payload: ' '.repeat(262_145) })
      isError(t, large, 403, 'forbidden', managers)
    }
  })
  await t.test('nobody deletes themself', async (t) => {
    for (const [id, key] of [[acme.user_id, superuser], [admin.id, admin.key]] as const) {
      isError(t, await remove(id, key), 403, 'forbidden', ['Nobody may delete, deactivate or demote themself.'])
      t.equal((await read(id)).statusCode, 200)
    }
  })
  await t.test('only a superuser deletes a superuser', async (t) => {
    isError(t, await remove(acme.user_id, admin.key), 403, 'forbidden', ['Only a superuser may do this to a superuser.'])
    t.equal((await read(acme.user_id)).statusCode, 200)
  })
})

t.test('404', async (t) => {
  await t.test('what is not a canonical decimal names no user, before the body is looked at', async (t) => {
    for (const id of ['123abc', '1.0', '+1', '%201', '01', '0', '-1', '9007199254740992', '1'.repeat(300), '%00', '1e0']) {
      isError(t, await remove(id, admin.key), 404, 'not_found', ['user_id: names no user'])
    }
    isError(t, await call('DELETE /user/x/', { key: admin.key, payload: ' '.repeat(262_145) }), 404, 'not_found')
  })
  await t.test('nobody there and another enterprise answer alike', async (t) => {
    for (const id of [9007199254740991, globex.user_id]) {
      isError(t, await remove(id, superuser), 404, 'not_found', ['user_id: names no user'])
    }
    t.equal((await call('GET /user_info/', { key: globex.api_key })).statusCode, 200)
  })
})

t.test('405: methods that the path does not have', async (t) => {
  for (const method of ['POST', 'HEAD', 'OPTIONS']) {
    const answer = await call(`${method} /user/x/`)
    t.equal(answer.statusCode, 405)
    t.equal(answer.headers.allow, 'GET, PUT, PATCH, DELETE')
  }
})

t.test('412', async (t) => {
  const removeIf = (id: number, ifMatch: string, key = superuser) => call(`DELETE /user/${String(id)}/`, { key, headers: { 'if-match': ifMatch } })
  await t.test('a user that has changed since it was read stays', async (t) => {
    const { id } = await create()
    const seen = String((await read(id)).headers.etag)
    await call(`PATCH /user/${String(id)}/`, { key: admin.key, json: { first_name: 'x' } })
    const now = String((await read(id)).headers.etag)
    for (const stale of [seen, `W/${now}`, '"x"', `${seen}, "x"`]) {
      isError(t, await removeIf(id, stale), 412, 'precondition_failed', ['If-Match: names no tag that the user has now'])
    }
    t.equal((await read(id)).headers.etag, now)
    t.equal((await removeIf(id, `${seen}, ${now}`)).statusCode, 204)
    t.equal((await removeIf((await create()).id, '*')).statusCode, 204)
  })
  await t.test('404 and 403 come before it', async (t) => {
    for (const id of [9007199254740991, globex.user_id]) isError(t, await removeIf(id, '"x"'), 404, 'not_found')
    isError(t, await removeIf(acme.user_id, '"x"', admin.key), 403, 'forbidden')
  })
  await t.test('what is malformed is 400, before the user is looked for', async (t) => {
    for (const id of [viewer.id, 9007199254740991]) {
      const errors = ['If-Match: must be * or a list of entity tags, with at most 1024 characters']
      for (const header of ['x', '', `"${'x'.repeat(1023)}"`]) isError(t, await removeIf(id, header), 400, 'validation_failed', errors)
    }
  })
})

t.test('413: a body over the limit, though it would be ignored', async (t) => {
  const answer = await call(`DELETE /user/${String(viewer.id)}/`, { key: superuser, payload: ' '.repeat(262_145) })
  isError(t, answer, 413, 'payload_too_large', ['body: must have at most 262144 bytes'])
  t.equal((await read(viewer.id)).statusCode, 200)
})

t.test('500: a fault that nobody foresaw tells nothing of itself, and changes nothing', async (t) => {
  await withBrokenTable(db, 'user_count', async () => {
    isError(t, await remove(viewer.id, superuser), 500, 'internal_error', ['Internal server error.'])
  })
  t.equal((await call('GET /user_info/', { key: viewer.key })).statusCode, 200)
})

t.test('500: without its entry in the audit trail nothing is deleted', async (t) => {
  const [last] = await newest(db)
  await withBrokenTable(db, 'audit_entry', async () => isError(t, await remove(viewer.id, superuser), 500, 'internal_error'))
  t.equal((await call('GET /user_info/', { key: viewer.key })).statusCode, 200)
  t.strictSame(await newest(db), [last])
})

t.test('503: the database is gone', async (t) => {
  await withLostDatabase(t, directory, async (app) => {
    const url = `/api/user/${String(viewer.id)}/`
    const answer = await app.inject({ method: 'DELETE', url, headers: { authorization: superuser } })
    isError(t, answer, 503, 'unavailable')
    t.equal(answer.headers['retry-after'], '1')
  })
})

t.test('the ledger', async (t) => closeLedger(t, directory, 'deleteUser'))
