import { once } from 'node:events'
import { createInterface } from 'node:readline'
import { sql } from 'kysely'
import { openDatabase } from '../../../src/db/database.js'
import { migrate } from '../../../src/db/migrate.js'
import { finish, type Ran, runHere, start } from '../../helpers/command.js'
import { emptyDatabase, testConfig } from '../../helpers/database.js'
import { thisFile } from '../../helpers/this-file.js'

const t = thisFile()

const env = { DATABASE_URL: await emptyDatabase(t), PORT: '0' }
const db = openDatabase(testConfig(env))
t.teardown(() => db.destroy())
const roster = (...args: string[]): Promise<Ran> => runHere(env, ...args)

/** Starts the server, waits until it listens, stops it, and returns what it logged, and how it ended. */
async function serveOnce(signal: NodeJS.Signals): Promise<{ log: { level: unknown; msg: string }[]; ran: Ran }> {
  const child = start(env, 'serve')
  const log: { level: unknown; msg: string }[] = []
  const lines = createInterface(child.stdout!)
  lines.on('line', (line) => {
    log.push(JSON.parse(line) as { level: unknown; msg: string })
    // A second signal would not wait for the end of what the first one began.
    if (line.includes('Server listening') && !child.killed) child.kill(signal)
  })
  const [ran] = await Promise.all([finish(child), once(lines, 'close')])
  return { log, ran }
}

t.test('a database that was never migrated is refused, and it says what to do', async (t) => {
  const message = 'roster: the database lacks migrations (0001_directory, 0002_second_release): run "roster migrate" first'
  t.match(await roster('serve'), { code: 1, out: [], note: [message] })
})

const add = (name: string) => sql`insert into kysely_migration values (${name}, '2999-01-01T00:00:00Z')`.execute(db)

t.test('serve on its own schema: no warning, and SIGTERM ends it well', async (t) => {
  await migrate(db)
  const { log, ran } = await serveOnce('SIGTERM')
  t.match(ran, { code: 0, note: [] })
  t.strictSame(log.filter(({ msg }) => msg.includes('newer')), [])
  t.equal(log.at(-1)?.msg, 'stopped')
})

t.test('serve on one that is a migration newer: a warning, and it serves; SIGINT ends it well', async (t) => {
  await add('0999_next')
  const { log, ran } = await serveOnce('SIGINT')
  t.match(ran, { code: 0, note: [] })
  t.match(log.filter(({ msg }) => msg.includes('newer')), [
    { level: /warn|40/, msg: 'the database is newer than this server (0999_next)' },
  ])
})

t.test('serve on one that is two migrations newer: it refuses', async (t) => {
  await add('0999_next_but_one')
  const message = 'roster: the database is newer than this server (0999_next, 0999_next_but_one): update the server'
  t.match(await roster('serve'), { code: 1, out: [], note: [message] })
})

t.test('migrate leaves a newer database as it is', async (t) => {
  const before = await sql`select * from kysely_migration order by name`.execute(db)
  await roster('migrate', '--json')
  t.strictSame((await sql`select * from kysely_migration order by name`.execute(db)).rows, before.rows)
})
