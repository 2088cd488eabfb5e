import { cpSync, rmSync } from 'node:fs'
import { openDatabase } from '../../src/db/database.js'
import { openEmbedded } from '../../src/db/embedded.js'
import { migrate } from '../../src/db/migrate.js'
import { template, testConfig, withoutTables } from './database.js'

// Run before the tests of the embedded engine: the stores that they copy.
for (const folder of [template, withoutTables]) rmSync(folder, { recursive: true, force: true })
const { connectMs } = testConfig({ ROSTER_DATA: withoutTables })
await (await openEmbedded(withoutTables, connectMs, 1)).end()
cpSync(withoutTables, template, { recursive: true })
const db = openDatabase(testConfig({ ROSTER_DATA: template }))
await migrate(db)
await db.destroy()
