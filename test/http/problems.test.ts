import pg from 'pg'
import { type ErrorCode, errorCodes, Problem } from '../../src/errors.js'
import { errorBody, loggable, toProblem } from '../../src/http/problems.js'
import { spec } from '../../src/contract.js'
import { thisFile } from '../helpers/this-file.js'

const t = thisFile()

/** A failure as Postgres reports it, with a stored value in every text. */
function databaseError(code: string): pg.DatabaseError {
  const error = new pg.DatabaseError('SECRET', 0, 'error')
  return Object.assign(error, {
    code,
    detail: 'SECRET',
    where: 'SECRET',
    hint: 'SECRET',
    severity: 'ERROR',
    table: 'user_account',
    constraint: 'one',
    routine: 'r',
  })
}

const withFields = (fields: object, message = 'SECRET'): Error => Object.assign(new Error(message), fields)

t.test('any error is a refusal of the contract', async (t) => {
  const own = new Problem('forbidden', ['no'], { Allow: 'x' })
  t.equal(toProblem(own), own, 'one of ours is itself')
  const cases: readonly [string, unknown, ErrorCode, string[]?][] = [
    [
      'too many bytes',
      withFields({ code: 'FST_ERR_CTP_BODY_TOO_LARGE', statusCode: 413 }),
      'payload_too_large',
      ['body: must have at most 262144 bytes'],
    ],
    [
      'another media type',
      withFields({ code: 'FST_ERR_CTP_INVALID_MEDIA_TYPE', statusCode: 415 }),
      'unsupported_media_type',
      ['Content-Type: must be application/json'],
    ],
    [
      'another length',
      withFields({ code: 'FST_ERR_CTP_INVALID_CONTENT_LENGTH', statusCode: 400 }),
      'malformed_request',
      ['body: is not as its headers say'],
    ],
    [
      'a client that went away',
      withFields({ code: 'ECONNRESET', statusCode: 400 }),
      'malformed_request',
      ['body: is not as its headers say'],
    ],
    [
      'Fastify’s own failure',
      withFields({ code: 'FST_ERR_REP_INVALID_PAYLOAD_TYPE', statusCode: 500 }),
      'internal_error',
    ],
    ['a status of nothing', withFields({ statusCode: undefined }), 'internal_error'],
    ['a lost database', withFields({ code: 'ECONNREFUSED', syscall: 'connect' }), 'unavailable'],
    ['a database that shuts down', databaseError('57P01'), 'unavailable'],
    ['a statement that took too long', databaseError('57014'), 'unavailable'],
    ['a broken statement', databaseError('42P01'), 'internal_error'],
    ['a broken constraint', databaseError('23505'), 'internal_error'],
    ['a bug', new TypeError('SECRET'), 'internal_error'],
    ['a thrown text', 'SECRET', 'internal_error'],
    ['a thrown object', { statusCode: 404, message: 'SECRET' }, 'internal_error'],
    ['nothing', undefined, 'internal_error'],
  ]
  for (const [name, error, code, errors = [errorCodes[code].message]] of cases) {
    await t.test(name, async (t) => {
      const problem = toProblem(error)
      t.equal(problem.code, code)
      t.strictSame(problem.errors, errors)
      t.notMatch(JSON.stringify([problem, problem.message]), 'SECRET')
    })
  }
})

t.test('the Error body of every code', async (t) => {
  const declared = spec.components.schemas.ErrorCode as { enum: ErrorCode[] }
  t.strictSame(Object.keys(errorCodes), declared.enum)
  for (const code of declared.enum) {
    const { status, message } = errorCodes[code]
    t.strictSame(errorBody(code, ['a'], 'id'), { errors: ['a'], message, status, code, request_id: 'id' })
  }
})

t.test('what clients take for an overload is said by 429 and 503 alone', async (t) => {
  for (const { status, message } of Object.values(errorCodes)) {
    if (![429, 503].includes(status)) t.notMatch(message, /timeout|timing out|too many requests/i)
  }
})

t.test('what may be logged of an error', async (t) => {
  const { frames, ...database } = loggable(databaseError('23505'))
  t.strictSame(database, {
    type: 'error',
    code: '23505',
    table: 'user_account',
    column: undefined,
    constraint: 'one',
    routine: 'r',
  })
  t.match(frames, [/^ {4}at /])
  t.notMatch(JSON.stringify([frames, database]), 'SECRET')
  t.match(loggable(new TypeError('a bug')), { type: 'TypeError', message: 'a bug', frames: [/^ {4}at /] })
  t.strictSame(loggable('SECRET'), { type: 'string' })
  const stackless = new Error('one\n    two')
  delete stackless.stack
  t.strictSame(loggable(stackless), { type: 'Error', message: 'one\n    two', frames: undefined })
  t.notMatch(JSON.stringify(loggable(databaseError('42P01')).frames), 'SECRET')
})
