import { changesOf, testChanges } from '../helpers/changes.js'
import { closeLedger, makeDirectory } from '../helpers/directory.js'
import { thisFile } from '../helpers/this-file.js'

const t = thisFile()

const directory = await makeDirectory(t)
const { acme, superuser, admin } = directory
const { send, read, row, member } = changesOf(directory, 'PATCH')

testChanges(t, directory, 'PATCH')

t.test('200: an empty object changes nothing, whoever sends it', async (t) => {
  const user = await member({ password: 'correct horse' })
  const before = await row(user.id)
  for (const json of [{}, { profile: {} }, { unknown: 1 }, { password: '' }]) {
    for (const key of [superuser, admin.key, user.key]) {
      const answer = await send(user.id, { key, json })
      t.equal(answer.statusCode, 200)
      t.strictSame(answer.json(), await read(user.id))
    }
  }
  t.strictSame(await row(user.id), before)
  t.equal((await send(acme.user_id, { key: admin.key, json: {} })).statusCode, 200)
})

t.test('the ledger', async (t) => closeLedger(t, directory, 'partialUpdateUser'))
