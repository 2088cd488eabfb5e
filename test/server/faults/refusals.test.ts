import { randomBytes } from 'node:crypto'
import { setTimeout as delay } from 'node:timers/promises'
import pg from 'pg'
import type { Test } from 'tap'
import { openDatabase } from '../../../src/db/database.js'
import { NoConnection } from '../../../src/db/failures.js'
import { toOperatorError } from '../../../src/db/refusals.js'
import { createEnterprise } from '../../../src/users/enterprise.js'
import { asker, faultsOf503 } from '../../helpers/ask.js'
import { runHere } from '../../helpers/command.js'
import { emptyDatabase, freshStore, testConfig } from '../../helpers/database.js'
import { onDatabase } from '../../helpers/own-postgres.js'
import { serveProcess } from '../../helpers/process.js'
import { type Refusal, refusing } from '../../helpers/refusing.js'
import { thisFile } from '../../helpers/this-file.js'

const t = thisFile()

const server = String(process.env.TEST_DATABASE_URL)

let refusal: Refusal = { code: '', message: '' }
const scripted = await refusing(t, () => refusal)

/** The words never have a bare code or the password. */
async function isTold(t: Test, url: string, code: number, words: RegExp, ...args: string[]): Promise<void> {
  for (const command of args.length > 0 ? [args] : [['enterprise', 'list'], ['migrate'], ['serve']]) {
    const ran = await runHere({ DATABASE_URL: url, PORT: '0', ROSTER_OPS_PORT: '', LOG_LEVEL: 'silent' }, ...command)
    t.strictSame([ran.code, ran.out, ran.note.length], [code, [], 1], `${command.join(' ')}: ${ran.note.join()}`)
    t.match(ran.note[0], words)
    t.notMatch(ran.note[0], /S3CRET|^roster: the database refused: SQLSTATE/)
  }
}

t.test('what a connection is refused for, in words, with what to do', async (t) => {
  for (const [code, message, exitCode, words] of [
    ['28P01', 'password authentication failed for user "roster"', 78, /password authentication failed for user "roster"\): set the password/],
    ['28000', 'role "roster" is not permitted to log in', 78, /not permitted to log in\): let the role .* log in/],
    ['3D000', 'database "directory" does not exist', 78, /does not exist\): create the database/],
    ['42501', 'permission denied for database "directory"', 78, /permission denied .*grant connect/],
    ['42704', 'unrecognized configuration parameter "x"', 78, /"x"\): correct the options of DATABASE_URL/],
    ['55000', 'database "directory" is not currently accepting connections', 69, /allow_connections true/],
    ['53300', 'too many connections for role "roster"', 69, /too many connections .*ROSTER_POOL_SIZE/],
    ['57P03', 'the database system is starting up', 69, /starting up\): wait/],
    ['08P01', 'unsupported startup parameter: statement_timeout', 78, /unsupported startup parameter.*ROSTER_SESSION_LIMITS=off/],
    ['08P01', 'no such user', 78, /no such user\): correct the role/],
    ['08P01', 'server login has been failing', 69, /failing\): see the log of the database or its pooler/],
    ['XX000', 'Tenant or\nuser not \u001b[31mfound', 69, /\(Tenant or user not \[31mfound\)/],
  ] as const) {
    for (const statements of [false, true]) {
      // Postgres itself ends open connections with some of these, and says nothing else then.
      if (statements && code.startsWith('57')) continue
      refusal = { code, message, statements }
      await isTold(t, scripted, exitCode, words)
    }
  }
})

t.test('TLS and passwords', async (t) => {
  await isTold(t, `${scripted}?sslmode=verify-full`, 78, /offers no TLS, which DATABASE_URL asks for/)
  await isTold(t, `${scripted}?sslmode=verify-full&sslrootcert=/nowhere.pem`, 78, /a file that DATABASE_URL names can't be read \(ENOENT\)/)
  for (const [error, words] of [
    [Object.assign(new Error('self-signed certificate'), { code: 'DEPTH_ZERO_SELF_SIGNED_CERT' }), /not trusted \(DEPTH_ZERO_SELF_SIGNED_CERT\).*sslrootcert/],
    [Object.assign(new Error('x'), { code: 'ERR_TLS_CERT_ALTNAME_INVALID' }), /not trusted/],
    [new Error('SASL: SCRAM-SERVER-FIRST-MESSAGE: client password must be a string'), /asks for a password/],
  ] as const) {
    t.match(toOperatorError(new NoConnection(error)), { exitCode: 78, message: words })
  }
  t.match(toOperatorError(new Error('ours')), { exitCode: 1, message: 'ours' })
  t.match(toOperatorError(new Error('Connection terminated unexpectedly')), { exitCode: 69, message: /can't be reached \(Connection terminated unexpectedly\): start it/ })
})

t.test('what keeps a database from being reached, at each address of its name', async (t) => {
  const refused = (address: string) => Object.assign(new Error(`connect ECONNREFUSED ${address}:1`), { code: 'ECONNREFUSED', syscall: 'connect' })
  const ofBoth = toOperatorError(new NoConnection(new AggregateError([refused('::1'), refused('127.0.0.1')])))
  t.match(ofBoth, { exitCode: 69, message: /reached \(connect ECONNREFUSED ::1:1, connect ECONNREFUSED 127\.0\.0\.1:1\): start it/ })
  await isTold(t, 'postgres://u:S3CRET@no.such.host.invalid/x', 69, /reached \(getaddrinfo \w+ no\.such\.host\.invalid\): start it, or correct the host/)
})

t.test('what a statement is refused for, by its code in words', async (t) => {
  for (const [code, exitCode, words] of [
    ['25006', 69, /takes no writes/], ['55P03', 69, /not granted in time/], ['57014', 69, /took too long/], ['40001', 69, /conflicted with concurrent ones/],
    ['53100', 69, /out of disk/], ['08006', 69, /ended the connection/], ['42P01', 1, /lacks tables/], ['42P07', 78, /table of another application/], ['42703', 1, /differs from the schema of this release/],
    ['23503', 1, /roster verify/], ['22P02', 1, /rejected a value/], ['XX001', 1, /the database failed/],
  ] as const) {
    refusal = { code, message: 'Key (email)=(alice@acme.example)', severity: 'ERROR', statements: true }
    await isTold(t, scripted, exitCode, words, 'enterprise', 'list')
  }
  refusal = { code: '57P01', message: 'terminating connection', statements: true }
  await isTold(t, scripted, 69, /ended the connection/, 'enterprise', 'list')
})

t.test('a role without rights: which one is missing', async (t) => {
  const url = new URL(await emptyDatabase(t))
  const role = `roster_test_${randomBytes(6).toString('hex')}`
  await onDatabase(server, `create role ${role} login`)
  t.teardown(() => onDatabase(server, `drop role ${role}`))
  url.username = role
  await isTold(t, url.href, 78, /permission denied for schema public.*grant usage, create on schema/, 'migrate')
  const migrated = new URL(((await freshStore(t)) as { DATABASE_URL: string }).DATABASE_URL)
  migrated.username = role
  await isTold(t, migrated.href, 78, /permission denied for table .*grant select, insert, update, delete/, 'enterprise', 'list')
  await isTold(t, migrated.href, 78, /permission denied for table .*grant select/, 'serve')
})

t.test('a server whose database takes no new connections answers 503, stays, and goes on when it takes some', async (t) => {
  const { DATABASE_URL: url } = (await freshStore(t)) as { DATABASE_URL: string }
  const name = new URL(url).pathname.slice(1)
  const role = `roster_test_${randomBytes(6).toString('hex')}`
  await onDatabase(server, `create role ${role} login superuser`)
  const db = openDatabase(testConfig({ DATABASE_URL: url }))
  const { api_key } = await createEnterprise(db, 'acme', { username: 'alice', email: '' })
  await db.destroy()
  const its = new URL(url)
  its.username = role
  const served = serveProcess(t, { DATABASE_URL: its.href })
  const ask = asker(await served.listening, api_key)
  const admin = new pg.Client({ connectionString: server })
  await admin.connect()
  t.teardown(async () => {
    await admin.end()
    await onDatabase(server, `drop role ${role}`)
  })
  let users = 0
  const all = () =>
    Promise.all([ask('GET', '/user_info/'), ask('GET', '/user/'), ask('POST', '/user/', { username: `u${String(++users)}`, profile: {} }),
      ask('POST', '/login/', { username: 'alice', password: 'x' })])
  for (const [refuse, allow] of [
    [`alter role ${role} nologin`, `alter role ${role} login`],
    [`alter role ${role} nosuperuser connection limit 0`, `alter role ${role} superuser connection limit -1`],
    [`alter database ${name} allow_connections false`, `alter database ${name} allow_connections true`],
    [`alter database ${name} rename to ${name}_gone`, `alter database ${name}_gone rename to ${name}`],
  ] as const) {
    t.strictSame((await all()).map(({ status }) => status).slice(0, 3), [200, 200, 201])
    if (!refuse.includes('rename')) await admin.query(refuse)
    for (;;) {
      await admin.query(`select pg_terminate_backend(pid) from pg_stat_activity where datname = '${name}' and usename = '${role}'`)
      if (!refuse.includes('rename')) break
      // The database can be renamed while nobody is connected.
      const done = await admin.query(refuse).then(() => true, () => delay(20, false))
      if (done) break
    }
    await delay(100)
    const answers = await all()
    t.strictSame(answers.slice(0, 3).flatMap(faultsOf503), [], refuse)
    await admin.query(allow)
  }
  t.strictSame((await all()).map(({ status }) => status).slice(0, 3), [200, 200, 201])
  t.equal(served.child.exitCode, null)
  t.notMatch(JSON.stringify(served.log), /S3CRET/)
})
