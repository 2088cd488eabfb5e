import { openDatabase } from '../../src/db/database.js'
import { migrate } from '../../src/db/migrate.js'
import { createEnterprise } from '../../src/users/enterprise.js'
import { type StoreSettings, testConfig } from '../helpers/database.js'

/** A store with one enterprise, and its owner. */
export async function prepareStore(store: StoreSettings): Promise<{ store: StoreSettings; key: string; ownerId: number }> {
  const db = openDatabase(testConfig(store))
  await migrate(db)
  const { api_key, user_id } = await createEnterprise(db, 'acme', { username: 'owner', email: '' })
  await db.destroy()
  return { store, key: api_key, ownerId: user_id }
}
