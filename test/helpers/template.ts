import { rmSync } from 'node:fs'
import { openDatabase } from '../../src/db/database.js'
import { migrate } from '../../src/db/migrate.js'
import { template, testConfig } from './database.js'

// Run before the tests of the embedded engine: the store that each of them copies.
rmSync(template, { recursive: true, force: true })
const db = openDatabase(testConfig({ ROSTER_DATA: template }))
await migrate(db)
await db.destroy()
