import { sql } from 'kysely'
import { openDatabase } from '../../src/db/database.js'
import { migrate } from '../../src/db/migrate.js'
import { runHere } from '../helpers/command.js'
import { emptyStores, testConfig } from '../helpers/database.js'
import { thisFile } from '../helpers/this-file.js'

const t = thisFile()

for (const [engine, store] of Object.entries(await emptyStores(t))) {
  t.test(`${engine}: a schema of the next release is worked on, with a warning; a later one is refused`, async (t) => {
    const execute = async (statement: string) => {
      const db = openDatabase(testConfig(store))
      await migrate(db).catch(() => undefined)
      await sql.raw(statement).execute(db)
      await db.destroy()
    }
    const commands = [['migrate'], ['verify'], ['enterprise', 'list'], ['enterprise', 'create', 'acme', '--admin', 'alice']]
    await execute(`insert into kysely_migration values ('0099_next', '2030-01-01')`)
    for (const [index, command] of commands.entries()) {
      const { code, note } = await runHere({ ...store }, ...command)
      t.equal(code, 0, command.join(' '))
      t.equal(note.filter((line) => line === 'roster: warning: the database is newer than this server (0099_next)').length, 1, String(index))
    }
    await execute(`insert into kysely_migration values ('0100_later', '2030-01-02')`)
    for (const command of commands) {
      const { code, note } = await runHere({ ...store }, ...command)
      t.strictSame([code, note], [1, ['roster: the database is newer than this server (0099_next, 0100_later): update the server']], command.join(' '))
    }
    await execute(`delete from kysely_migration where name like '0002%'`)
    for (const command of commands) {
      const { code, note } = await runHere({ ...store }, ...command)
      t.equal(code, 1)
      t.match(note, [/^roster: the database has migrations of another release \(0099_next, 0100_later\) and lacks some of this one \(0002_.*use the release/])
    }
  })
}
