import { createServer } from 'node:net'
import { once } from 'node:events'
import { sql } from 'kysely'
import pg from 'pg'
import { openDatabase } from '../../../src/db/database.js'
import { isConflict, isDatabaseError, isUnavailable, isUniqueViolation } from '../../../src/db/failures.js'
import { freshDatabase, testConfig } from '../../helpers/database.js'
import { thisFile } from '../../helpers/this-file.js'

const t = thisFile()

const fromPostgres = (code: string) => Object.assign(new pg.DatabaseError('refused', 7, 'error'), { code, severity: 'ERROR', constraint: 'user_account_email_102008' })
const fromNode = (code: string, syscall?: string) => Object.assign(new Error(code), { code, syscall })
const verdicts = (error: unknown) =>
  [isUnavailable(error) && 'unavailable', isConflict(error) && 'conflict', isUniqueViolation(error, 'user_account_email') && 'unique'].filter(Boolean)

t.test('SQLSTATEs', async (t) => {
  for (const [codes, verdict] of [
    ['08000 08003 08006 08001 08004 53000 53100 53200 53300 53400 57P01 57P02 57P03 57P04 57P05 57014 55P03 25006 25P03 25P04', ['unavailable']],
    ['40001 40P01', ['unavailable', 'conflict']],
    ['23505', ['unique']],
    ['23503 23502 42P01 42601 22P02 28P01 28000 3D000 54000 55000 57000 57P06 40002 XX000 P0001 0800 080000', []],
  ] as const) {
    for (const code of codes.split(' ')) {
      t.strictSame(verdicts(fromPostgres(code)), verdict, code)
      t.ok(isDatabaseError(fromPostgres(code)))
    }
  }
})

t.test('a unique constraint that is not the one asked about', async (t) => {
  t.notOk(isUniqueViolation(fromPostgres('23505'), 'user_account_username'))
  t.notOk(isUniqueViolation(Object.assign(fromPostgres('23505'), { constraint: undefined }), 'user_account_email'))
})

t.test('the network, but not the same codes of anything else', async (t) => {
  for (const [code, syscall] of [
    ['ECONNREFUSED', 'connect'], ['ECONNRESET', 'read'], ['EPIPE', 'write'], ['ETIMEDOUT', 'connect'], ['ETIMEDOUT', 'read'],
    ['EHOSTUNREACH', 'connect'], ['ENETUNREACH', 'connect'], ['ENOENT', 'connect'], ['ENOTFOUND', 'getaddrinfo'],
    ['EAI_AGAIN', 'getaddrinfo'],
  ] as const) {
    t.strictSame(verdicts(fromNode(code, syscall)), ['unavailable'], code)
    t.notOk(isDatabaseError(fromNode(code, syscall)))
  }
  for (const error of [
    fromNode('ENOENT', 'open'), fromNode('ENOENT'), fromNode('EACCES', 'connect'), fromNode('ERR_INVALID_ARG_TYPE'), new Error('no'),
    Object.assign(new Error('x'), { code: 23505 }), { code: '23505' }, '23505', undefined, null, 40001,
  ]) t.strictSame(verdicts(error), [])
})

t.test('many at once: one of the network is enough', async (t) => {
  const refused = fromNode('ECONNREFUSED', 'connect')
  t.ok(isUnavailable(new AggregateError([fromNode('EACCES', 'connect'), refused])))
  t.ok(isUnavailable(new AggregateError([new AggregateError([refused])])))
  t.notOk(isUnavailable(new AggregateError([new Error('a'), new Error('b')])))
  t.notOk(isUnavailable(new AggregateError([])))
})

t.test('what pg throws without a code', async (t) => {
  for (const message of [
    'Connection terminated', 'Connection terminated unexpectedly', 'Connection terminated due to connection timeout',
    'timeout exceeded when trying to connect', 'Client has encountered a connection error and is not queryable',
  ]) t.ok(isUnavailable(new Error(message)), message)
  for (const message of ['', 'the words Connection terminated inside', 'A query must have either text or a name']) {
    t.notOk(isUnavailable(new Error(message)), message)
  }
})

t.test('the same from real servers', async (t) => {
  const { db, store } = await freshDatabase(t)
  const silent = createServer(() => undefined).listen(0, '127.0.0.1')
  const rude = createServer((socket) => socket.destroy()).listen(0, '127.0.0.1')
  await Promise.all([once(silent, 'listening'), once(rude, 'listening')])
  t.teardown(() => [silent, rude].map((server) => server.close()))
  const at = (server: typeof silent) => `postgres://u@127.0.0.1:${String((server.address() as { port: number }).port)}/x`
  for (const [what, its, env, query] of [
    ['refused', 'postgres://u@127.0.0.1:1/x', {}, 'select 1'],
    ['no such host', 'postgres://u@nowhere.invalid/x', {}, 'select 1'],
    ['no such socket', 'postgres://u@localhost/x?host=/nowhere', {}, 'select 1'],
    ['hangs up', at(rude), {}, 'select 1'],
    ['never answers', at(silent), { ROSTER_CONNECT_MS: '100' }, 'select 1'],
    ['too slow', store, { ROSTER_STATEMENT_MS: '50' }, 'select pg_sleep(9)'],
    ['read-only', store, {}, 'begin read only; delete from client'],
  ] as const) {
    const other = openDatabase(testConfig(typeof its === 'string' ? { DATABASE_URL: its } : its, env))
    const error = await sql.raw(query).execute(other).then(() => undefined, (reason: unknown) => reason)
    await other.destroy()
    t.ok(isUnavailable(error), `${what}: ${String(error)}`)
  }
  const waiting = openDatabase(testConfig(store, { ROSTER_LOCK_MS: '50', ROSTER_POOL_SIZE: '1', ROSTER_CONNECT_MS: '100' }))
  await db.transaction().execute(async (trx) => {
    await sql`lock table client`.execute(trx)
    const error = await sql`select * from client`.execute(waiting).then(() => undefined, (reason: unknown) => reason)
    t.ok(isUnavailable(error), `no lock: ${String(error)}`)
  })
  const [, error] = await Promise.allSettled(['select pg_sleep(0.3)', 'select 1'].map((query) => sql.raw(query).execute(waiting)))
  await waiting.destroy()
  t.ok(error?.status === 'rejected' && isUnavailable(error.reason), 'no connection is free')
})
