import { inspect } from 'node:util'
import { operations } from '../../generated/operations.js'
import { type ApiKeyMade, etagOf, RosterClient, type User } from '../../src/client/index.js'
import type { OperationId } from '../../src/handlers/seam.js'
import { makeDirectory } from '../helpers/directory.js'
import { failure } from '../helpers/scripted.js'
import { thisFile } from '../helpers/this-file.js'

const t = thisFile()

const directory = await makeDirectory(t)
const { acme, admin, viewer, superuser, answers } = directory
const baseUrl = `${await directory.app.listen({ host: '127.0.0.1', port: 0 })}/api`
const roster = new RosterClient({ baseUrl: `${baseUrl}/`, key: superuser })
const asViewer = new RosterClient({ baseUrl, key: viewer.key })

t.test('each method is the operation of its name', async (t) => {
  let erin: User
  let made: ApiKeyMade
  let signedIn: RosterClient
  const password = 'correct horse battery staple'
  await roster.partialUpdateUser(viewer.id, { password })
  const calls: { [Id in OperationId]: () => Promise<unknown> } = {
    getUserInfo: async () => t.equal((await roster.getUserInfo({ 'X-Tenant': 'acme' })).token, superuser),
    listUsers: async () => {
      const { count, results } = await roster.listUsers({ limit: 1, offset: 1 })
      t.strictSame([count, results.map(({ username }) => username)], [3, ['adam']])
    },
    createUser: async () => {
      erin = await roster.createUser({ username: 'erin', profile: { role: 'Viewer', groups: ['a'] } })
      t.match(erin, { username: 'erin', profile: { role: 'Viewer', groups: ['a'], enterprise: acme.enterprise } })
    },
    getUser: async () => t.strictSame(await roster.getUser(erin.id), erin),
    updateUser: async () =>
      t.equal((await roster.updateUser(erin.id, { ...erin, last_name: 'Évans/?&' })).full_name, 'Évans/?&'),
    partialUpdateUser: async () =>
      t.equal((await roster.partialUpdateUser(erin.id, { first_name: 'Erin' })).full_name, 'Erin Évans/?&'),
    deleteUser: () => roster.deleteUser(erin.id),
    listAuditEntries: async () => {
      const { next, results } = await roster.listAuditEntries({ limit: 2, order: 'newest', user_id: erin.id })
      t.match(results, [{ action: 'user.delete', target: String(erin.id) }, { action: 'user.update' }])
      t.match(next, /\/api\/audit\/\?limit=2&after=\d+&order=newest&user_id=\d+$/)
    },
    login: async () => {
      const answer = await new RosterClient({ baseUrl }).login({ username: 'vera', password }, { 'X-Tenant': 'acme' })
      t.match(answer, { api_key: { kind: 'sign-in' }, user: { id: viewer.id, last_login: String } })
      signedIn = new RosterClient({ baseUrl, key: answer.api_key.key })
    },
    logout: () => signedIn.logout(),
    getTokenInfo: async () => t.match(await roster.getTokenInfo(), { token: superuser, user: String(acme.user_id) }),
    createApiKey: async () => {
      made = await roster.createApiKey(acme.user_id, { name: 'laptop', read_only: true })
      t.match(made, { name: 'laptop', read_only: true, key: /^rst_/ })
    },
    listApiKeys: async () => t.strictSame((await roster.listApiKeys(acme.user_id, { limit: 1, offset: 1 })).results[0]?.id, made.id),
    rotateApiKey: async () => t.equal((await roster.rotateApiKey(acme.user_id, made.id)).name, 'laptop'),
    revokeApiKey: () => roster.revokeApiKey(acme.user_id, made.id),
  }
  t.strictSame(Object.keys(calls).sort(), Object.keys(operations).sort())
  for (const [id, call] of Object.entries(calls)) {
    answers.length = 0
    await call()
    t.match(answers, [{ operation_ids: [id] }], id)
  }
})

t.test('a filter reaches the server, an undefined one does not', async (t) => {
  const { results } = await roster.listUsers({ username: 'VERA' })
  t.strictSame(results.map(({ id }) => id), [viewer.id])
  const query = { username: undefined } as unknown as { username?: string }
  t.equal((await roster.listUsers(query)).count, 3)
})

t.test('all users come, each once, over as many pages as it takes', async (t) => {
  const all = [acme.user_id, admin.id, viewer.id]
  for (const limit of [undefined, 1, 2, 3]) {
    answers.length = 0
    const ids = []
    for await (const { id } of roster.listAllUsers(limit === undefined ? {} : { limit })) ids.push(id)
    t.strictSame(ids, all)
    t.equal(answers.length, Math.ceil(3 / (limit ?? 1000)))
  }
  const some = []
  for await (const { id } of roster.listAllUsers({ limit: 1, offset: 1 })) some.push(id)
  t.strictSame(some, [admin.id, viewer.id])
  for await (const { id } of asViewer.listAllUsers()) t.equal(id, viewer.id)
})

t.test('who stops reading asks for no further page', async (t) => {
  answers.length = 0
  for await (const { id } of roster.listAllUsers({ limit: 1 })) {
    t.equal(id, acme.user_id)
    break
  }
  t.equal(answers.length, 1)
})

t.test('a create is done once under its key', async (t) => {
  const fields = { username: 'once', password: 'correct horse', profile: {} }
  const first = await roster.createUser(fields, { idempotencyKey: 'k-1' })
  t.strictSame(await roster.createUser(fields, { idempotencyKey: 'k-1' }), first)
  t.match(await failure(roster.createUser({ ...fields, first_name: 'x' }, { idempotencyKey: 'k-1' })), { status: 422, code: 'idempotency_mismatch' })
  t.match(await failure(roster.createUser(fields)), { status: 400, code: 'duplicate' }, 'another call has another key')
  await roster.deleteUser(first.id)
})

t.test('a write that asks for what was read fails where that has changed', async (t) => {
  const made = await roster.createUser({ username: 'tagged', profile: {} })
  const seen = await roster.getUser(made.id)
  t.equal(etagOf(seen), etagOf(made))
  const changed = await roster.partialUpdateUser(made.id, { first_name: 'A' }, { ifMatch: made })
  const lost = [
    () => roster.partialUpdateUser(made.id, { first_name: 'B' }, { ifMatch: seen }),
    () => roster.updateUser(made.id, made, { ifMatch: seen }),
    () => roster.deleteUser(made.id, { ifMatch: seen }),
  ]
  for (const call of lost) t.match(await failure(call()), { status: 412, code: 'precondition_failed' })
  const put = await roster.updateUser(made.id, { ...changed, last_name: 'B' }, { ifMatch: changed })
  t.equal(put.full_name, 'A B')
  await roster.deleteUser(made.id, { ifMatch: etagOf(put) })
})

t.test('a refusal is a RosterError with all that the Error body has', async (t) => {
  const invalid = await failure(roster.createUser({ username: '', email: 'nowhere', profile: {} }))
  t.match(invalid, { name: 'RosterError', status: 400, code: 'validation_failed', message: 'The request is not valid.' })
  t.match(invalid.errors, [/^username: /, /^email: /])
  t.match(invalid.request_id, /^[A-Za-z0-9-]+$/)
  t.match(await failure(roster.getUser(2 ** 53 - 1)), { status: 404, code: 'not_found' })
  t.match(await failure(asViewer.deleteUser(admin.id)), { status: 403, code: 'forbidden' })
  t.match(await failure(roster.getUserInfo({ 'X-Tenant': 'globex' })), { status: 401, code: 'invalid_credentials' })
  const taken = { username: 'VERA', profile: {} }
  t.match(await failure(roster.createUser(taken)), { code: 'duplicate', errors: ['username: belongs to another user'] })
  t.match(await failure(roster.createUser({ ...taken, password: 'password1' })), { status: 400, code: 'weak_password' })
  t.match(await failure(asViewer.getUser(admin.id)), { status: 404 }, 'who does not manage users sees only themself')
  t.match(await failure(roster.getUser(0.5)), { status: 404 })
  t.match(await failure(roster.listUsers({ limit: 1001 })), { status: 400, errors: ['limit: must be an integer from 1 to 1000'] })
  t.match(await failure(roster.createUser({ ...taken, first_name: 'x'.repeat(262_144) })), { status: 413, code: 'payload_too_large' })
})

t.test('no error and no inspection shows the key', async (t) => {
  const key = `${superuser}x`
  const stranger = new RosterClient({ baseUrl, key })
  const fault = await failure(stranger.getUserInfo())
  t.equal(fault.code, 'invalid_credentials')
  for (const shown of [stranger, fault]) {
    t.notMatch(inspect(shown, { depth: null, showHidden: true, getters: true }), key)
    t.notMatch(JSON.stringify(shown), key)
  }
})
