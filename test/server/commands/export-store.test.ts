import { sql } from 'kysely'
import type { FastifyInstance } from 'fastify'
import { buildApp } from '../../../src/app.js'
import { makePasswords } from '../../../src/auth/passwords.js'
import { openDatabase } from '../../../src/db/database.js'
import { jsonOf, runHere } from '../../helpers/command.js'
import { emptyDatabase, emptyStores, type StoreSettings, testConfig, testSettings } from '../../helpers/database.js'
import { onDatabase } from '../../helpers/own-postgres.js'
import { thisFile } from '../../helpers/this-file.js'

const t = thisFile()

const password = 'correct horse battery staple'
const run = (store: StoreSettings, ...args: string[]) => runHere({ ...store, ...testSettings }, ...args)

async function withApp<T>(store: StoreSettings, work: (app: FastifyInstance) => Promise<T>): Promise<T> {
  const config = testConfig(store)
  const db = openDatabase(config)
  const app = await buildApp(config, { db, passwords: makePasswords(config) })
  try {
    return await work(app)
  } finally {
    await app.close()
    await db.destroy()
  }
}

const ask = async (app: FastifyInstance, key: string, request: string, payload?: object) => {
  const [method = '', path = ''] = request.split(' ')
  return app.inject({
    method: method as 'GET', url: `/api${path}`, headers: { authorization: `Bearer ${key}` }, ...(payload && { payload }),
  })
}

const signIn = (app: FastifyInstance, wrong = '') =>
  app.inject({ method: 'POST', url: '/api/login/', headers: { 'x-tenant': 'acme' }, payload: { username: 'bob', password: password + wrong } })

const { embedded } = (await emptyStores(t)) as { embedded: StoreSettings }
const { api_key } = jsonOf<{ api_key: string }>(await run(embedded, 'enterprise', 'create', 'acme', '--admin', 'alice', '--json'))
await run(embedded, 'enterprise', 'create', 'globex', '--admin', 'gina')
await run(embedded, 'client', 'add', 'web', '--enterprise', 'acme')

/** The answers that must be the same from the server, but for when the key was used, which asking changes. */
const answers = async (app: FastifyInstance): Promise<string[]> =>
  Promise.all(
    ['/user_info/', '/user/', '/audit/', '/user/1/api_key/'].map(async (path) =>
      (await ask(app, api_key, `GET ${path}`)).body.replaceAll(/"last_used_on":(null|"[^"]+")/g, '')),
  )

const before = await withApp(embedded, async (app) => {
  const groups = ['a,"\\', 'NULL', "o'ö"]
  await ask(app, api_key, 'POST /user/', { username: 'bob', email: 'bob@acme.example', first_name: 'B\\ob\'s', password, profile: { groups } })
  const gone = await ask(app, api_key, 'POST /user/', { username: 'carol', profile: {} })
  await ask(app, api_key, `DELETE /user/${String(gone.json<{ id: number }>().id)}/`)
  t.equal((await signIn(app)).statusCode, 200)
  t.equal((await signIn(app, '!')).statusCode, 401)
  return { all: await answers(app), last: gone.json<{ id: number }>().id }
})
const exported = await run(embedded, 'export-store')
const script = exported.out.join('\n')
/** Without the one line that is for psql. */
const statements = script.replace(/^\\set .*\n/, '')

t.test('a directory without an enterprise is refused, as that of a new folder', async (t) => {
  const { embedded: store } = (await emptyStores(t)) as { embedded: StoreSettings }
  const refused = await run(store, 'export-store')
  t.match(refused, { code: 1, out: [], note: [/no enterprise, .*: name the folder of the store in ROSTER_DATA/] })
})

t.test('the script', async (t) => {
  t.strictSame([exported.code, exported.note], [0, []])
  t.match(script, /^\\set ON_ERROR_STOP on\nbegin;\n[^]*\ncommit;$/)
  t.notMatch(script, password)
  t.notMatch(script, api_key)
})

t.test('it fills an empty directory on a server, whose answers are the same', async (t) => {
  const store = { DATABASE_URL: await emptyDatabase(t) }
  await t.rejects(onDatabase(store.DATABASE_URL, statements), /lacks tables: run "roster migrate" first/)
  await run(store, 'migrate')
  await onDatabase(store.DATABASE_URL, statements)
  t.match(await run(store, 'verify'), { code: 0 })
  t.match(await run(store, 'audit', 'verify'), { code: 0 })
  t.equal((await run(store, 'export-store')).out.join('\n'), script, 'exported again it is the same, whichever engine')
  await t.rejects(onDatabase(store.DATABASE_URL, statements), /the directory is not empty/)
  await withApp(store, async (app) => {
    t.strictSame(await answers(app), before.all)
    t.equal((await signIn(app)).statusCode, 200)
    const made = await ask(app, api_key, 'POST /user/', { username: 'dave', profile: {} })
    t.equal(made.statusCode, 201)
    t.equal(made.json<{ id: number }>().id, before.last + 1, 'the id of a user who is gone is not given again')
  })
})

t.test('every table of the directory is in it, and a schema of another release is refused', async (t) => {
  const store = { DATABASE_URL: await emptyDatabase(t) }
  await run(store, 'migrate')
  await onDatabase(store.DATABASE_URL, statements)
  const db = openDatabase(testConfig(store))
  const { rows } = await sql<{ name: string }>`
    select tablename as name from pg_tables where schemaname = 'public' and tablename not like 'kysely%'`.execute(db)
  t.equal(rows.length, 10)
  for (const { name } of rows) {
    const [first] = (await sql<{ n: number }>`select count(*) as n from ${sql.table(name)}`.execute(db)).rows
    t.ok(name === 'idempotency_key' || first!.n > 0, name)
    t.ok(name === 'idempotency_key' || script.includes(`\ninsert into ${name} (`), name)
  }
  await sql`truncate enterprise, sign_in_failure cascade`.execute(db)
  await sql`insert into kysely_migration values ('0003_newer', '2030-01-01T00:00:00.000Z')`.execute(db)
  await db.destroy()
  await t.rejects(onDatabase(store.DATABASE_URL, statements), /the schema is not the one of the export/)
})
