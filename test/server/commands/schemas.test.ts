import { randomBytes } from 'node:crypto'
import type { Test } from 'tap'
import { asker } from '../../helpers/ask.js'
import { jsonOf, runHere } from '../../helpers/command.js'
import { emptyDatabase } from '../../helpers/database.js'
import { onDatabase } from '../../helpers/own-postgres.js'
import { serveProcess } from '../../helpers/process.js'
import { thisFile } from '../../helpers/this-file.js'

const t = thisFile()

const server = String(process.env.TEST_DATABASE_URL)

/** The tables of another application that uses Kysely too. */
const OTHERS = `
  create table kysely_migration (name text primary key, timestamp text not null);
  create table kysely_migration_lock (id text primary key, is_locked integer not null);
  create table user_account (x integer); create table enterprise (x integer);
  insert into kysely_migration values ('2020_other', '2020-01-01T00:00:00.000Z')`

/** Migrates, makes an enterprise, serves, and says which tables are in which schema. */
async function worksIn(t: Test, url: string, schema: string): Promise<void> {
  const roster = (...args: string[]) => runHere({ DATABASE_URL: url }, ...args)
  t.match(await roster('enterprise', 'list'), { code: 1, note: [/run "roster migrate"/] })
  t.match(jsonOf(await roster('migrate', '--json')), { applied: ['0001_directory', '0002_second_release'] })
  t.match(jsonOf(await roster('migrate', '--json')), { applied: [] })
  const { api_key } = jsonOf<{ api_key: string }>(await roster('enterprise', 'create', 'acme', '--admin', 'alice', '--json'))
  t.match(await roster('verify'), { code: 0 })
  const served = serveProcess(t, { DATABASE_URL: url })
  const ask = asker(await served.listening, api_key)
  t.equal((await ask('GET', '/user_info/')).status, 200)
  t.equal((await ask('POST', '/user/', { username: 'bob', profile: {} })).status, 201)
  const { rows } = await onDatabase(url, `select schemaname from pg_tables where tablename = 'audit_entry'`)
  t.strictSame(rows, [{ schemaname: schema }])
  served.child.kill()
  await served.ended
}

const withPath = (url: string, path: string): string => {
  const its = new URL(url)
  its.searchParams.set('options', `-c search_path=${path}`)
  return its.href
}

t.test('another application in public, Roster in a schema that the URL, the database or the role names', async (t) => {
  for (const path of ['roster', 'roster,public']) {
    const url = await emptyDatabase(t)
    await onDatabase(url, `${OTHERS}; create schema roster`)
    await worksIn(t, withPath(url, path), 'roster')
  }
  const url = await emptyDatabase(t)
  const name = new URL(url).pathname.slice(1)
  await onDatabase(url, `${OTHERS}; create schema "Ro""ster"; alter database ${name} set search_path = "Ro""ster", public`)
  await worksIn(t, url, 'Ro"ster')
  const role = `roster_test_${randomBytes(6).toString('hex')}`
  await onDatabase(server, `create role ${role} login`)
  t.teardown(() => onDatabase(server, `drop role ${role}`))
  const its = new URL(await emptyDatabase(t))
  await onDatabase(its.href, `${OTHERS}; create schema ${role} authorization ${role}`)
  its.username = role
  await worksIn(t, its.href, role)
})

t.test('another application in another schema, Roster in public', async (t) => {
  const url = await emptyDatabase(t)
  await onDatabase(url, `create schema other; set search_path = other; ${OTHERS}`)
  await worksIn(t, withPath(url, 'public,other'), 'public')
})

t.test('78: another application in the schema of Roster, and no schema at all', async (t) => {
  const url = await emptyDatabase(t)
  await onDatabase(url, OTHERS)
  const fails = async (url: string, note: RegExp) => {
    for (const command of [['migrate'], ['serve']]) {
      t.match(await runHere({ DATABASE_URL: url, LOG_LEVEL: 'silent' }, ...command), { code: 78, out: [], note: [note] })
    }
  }
  await fails(url, /schema public .* another application \(2020_other\): "create schema …"/)
  await fails(withPath(url, 'nowhere'), /has no schema of search_path that the role may use/)
  await onDatabase(url, 'drop table kysely_migration')
  t.match(await runHere({ DATABASE_URL: url }, 'migrate'), { code: 78, note: [/table of another application/] })
})

t.test('78: foreign keys that do not hold', async (t) => {
  const url = await emptyDatabase(t)
  await onDatabase(url, `alter database ${new URL(url).pathname.slice(1)} set session_replication_role = replica`)
  for (const command of ['migrate', 'serve']) {
    t.match(await runHere({ DATABASE_URL: url }, command), { code: 78, note: [/session_replication_role is "replica"/] })
  }
})

t.test('78: a database that is not UTF8', async (t) => {
  for (const encoding of ['SQL_ASCII', 'LATIN1']) {
    const name = `roster_test_${randomBytes(6).toString('hex')}`
    await onDatabase(server, `create database ${name} encoding '${encoding}' locale 'C' template template0`)
    t.teardown(() => onDatabase(server, `drop database ${name} with (force)`))
    const url = new URL(server)
    url.pathname = `/${name}`
    for (const command of ['migrate', 'serve']) {
      const { code, out, note } = await runHere({ DATABASE_URL: url.href }, command)
      t.strictSame([code, out, note.length], [78, [], 1])
      t.match(note[0], new RegExp(`${name} has the encoding ${encoding}.*create database … encoding 'UTF8' template template0`))
    }
  }
})
