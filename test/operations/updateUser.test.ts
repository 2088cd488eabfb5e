import { changesOf, testChanges } from '../helpers/changes.js'
import { closeLedger, isError, makeDirectory } from '../helpers/directory.js'
import { thisFile } from '../helpers/this-file.js'

const t = thisFile()

const directory = await makeDirectory(t)
const { viewer } = directory
const { send, read, row, member } = changesOf(directory, 'PUT')

testChanges(t, directory, 'PUT')

t.test('200: what is absent keeps its value, so that it never grants, demotes or erases', async (t) => {
  const profile = { role: 'Enterprise Admin', groups: ['a'], authz_role_id: 'r-1' }
  for (const fields of [{ profile }, { is_active: false }]) {
    const { id, username } = await member({ password: 'correct horse', ...fields })
    const before = await row(id)
    const answer = await send(id, { json: { username, profile: {} } })
    t.equal(answer.statusCode, 200)
    t.strictSame(answer.json(), await read(id))
    t.strictSame(await row(id), before)
  }
})

t.test('400: username and profile are required, of anyone', async (t) => {
  for (const key of [directory.superuser, viewer.key]) {
    const answer = await send(viewer.id, { key, json: {} })
    isError(t, answer, 400, 'validation_failed', ['username: is required', 'profile: is required'])
  }
  isError(t, await send(viewer.id, { json: { username: 'vera' } }), 400, 'validation_failed', ['profile: is required'])
})

t.test('403: another name than the own one, of who may not manage users', async (t) => {
  const answer = await send(viewer.id, { key: viewer.key, json: { username: 'other', profile: {} } })
  isError(t, answer, 403, 'forbidden', ['Only those who manage users may do this.'])
})

t.test('the ledger', async (t) => closeLedger(t, directory, 'updateUser'))
