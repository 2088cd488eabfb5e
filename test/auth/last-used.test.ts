import { setTimeout } from 'node:timers/promises'
import { buildApp } from '../../src/app.js'
import { makePasswords } from '../../src/auth/passwords.js'
import { parseKey } from '../../src/auth/keys.js'
import { makeLastUsed } from '../../src/auth/last-used.js'
import { openDatabase } from '../../src/db/database.js'
import { keysOf, keyWritesOf } from '../../src/db/keys.js'
import { testConfig } from '../helpers/database.js'
import { isError, makeDirectory, withBrokenTable } from '../helpers/directory.js'
import { keysIn } from '../helpers/keys.js'
import { thisFile } from '../helpers/this-file.js'

const t = thisFile()

const directory = await makeDirectory(t, { ROSTER_LAST_USED_MS: '20' })
const { app, call, db, store, viewer, superuser } = directory
const { make, list, expire, revoke } = keysIn(directory)
const { enterprise_id } = parseKey(superuser)!
const keys = keysOf(db, enterprise_id)
const never = (): void => void t.fail('nothing fails')

t.test('a use is written a moment later, by a server that answers meanwhile', async (t) => {
  const { id, key } = await make(viewer.key, viewer.id)
  t.equal((await keys.find(id))?.last_used_on, null)
  const before = Date.now()
  t.equal((await call('GET /user_info/', { key })).statusCode, 200)
  let used: Date | null = null
  for (let tries = 0; used === null && tries < 500; tries++) {
    await setTimeout(20)
    used = (await keys.find(id))!.last_used_on
  }
  t.ok(used !== null && used.getTime() >= before && used.getTime() <= Date.now())
  t.equal((await list(viewer.key, viewer.id)).find((one) => one.id === id)?.last_used_on, used?.toISOString())
})

t.test('the first use since the last writing counts; a later one is never made earlier', async (t) => {
  const { id } = await make(viewer.key, viewer.id)
  const [a, b] = [makeLastUsed(db, never), makeLastUsed(db, never)]
  a.note(enterprise_id, id)
  const later = new Date(Date.now() + 5000)
  a.note(enterprise_id, id)
  await a.flush()
  t.ok((await keys.find(id))!.last_used_on! < later)
  await db.updateTable('api_key').set({ last_used_on: later }).where('id', '=', id).execute()
  b.note(enterprise_id, id)
  await b.flush()
  t.strictSame((await keys.find(id))!.last_used_on, later)
  await b.flush()
})

t.test('a key that is gone stays gone, and the others are written', async (t) => {
  const [gone, stays] = [await make(viewer.key, viewer.id), await make(viewer.key, viewer.id)]
  const lastUsed = makeLastUsed(db, never)
  for (const { id } of [gone, stays]) lastUsed.note(enterprise_id, id)
  await expire(gone.id)
  await db.transaction().execute((trx) => keyWritesOf(trx, enterprise_id).deleteDead(viewer.id, 'made'))
  await lastUsed.flush()
  t.equal(await keys.find(gone.id), undefined)
  t.ok((await keys.find(stays.id))!.last_used_on)
})

t.test('it is bounded, and a database that fails is told of once and tried again', async (t) => {
  const nowhere = openDatabase(testConfig({ DATABASE_URL: 'postgres://nobody@127.0.0.1:1/nowhere' }))
  t.teardown(() => nowhere.destroy())
  const told: unknown[] = []
  const lastUsed = makeLastUsed(nowhere, (error) => told.push(error))
  for (let i = 0; i < 10_001; i++) lastUsed.note(enterprise_id, `00000000-0000-0000-0000-0000000${String(i).padStart(5, '0')}`)
  await lastUsed.flush()
  const during = lastUsed.flush()
  for (let i = 0; i < 10_001; i++) lastUsed.note(enterprise_id, `00000000-0000-0000-0000-0000001${String(i).padStart(5, '0')}`)
  await during
  t.equal(told.length, 1)

  // One whose database comes back writes what it kept.
  const { id } = await make(viewer.key, viewer.id)
  await db.schema.alterTable('api_key').renameTo('api_key_away').execute()
  const patient = makeLastUsed(db, (error) => told.push(error))
  patient.note(enterprise_id, id)
  await patient.flush()
  await db.schema.alterTable('api_key_away').renameTo('api_key').execute()
  await patient.flush()
  t.ok((await keys.find(id))!.last_used_on)
  t.equal(told.length, 2)
})

t.test('what is noted is written when the server closes, and a failure then is only logged', async (t) => {
  const { id, key } = await make(viewer.key, viewer.id)
  const other = await make(viewer.key, viewer.id)
  isError(t, await revoke(key, viewer.id, 'x'), 404, 'not_found')
  const config = testConfig(store)
  const failing = await buildApp(config, { db, passwords: makePasswords(config) })
  await failing.inject({ url: '/api/user_info/', headers: { authorization: other.key } })
  await withBrokenTable(db, 'api_key', () => failing.close())
  await app.close()
  t.ok((await keys.find(id))!.last_used_on)
  t.equal((await keys.find(other.id))!.last_used_on, null)
})
