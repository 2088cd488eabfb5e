import { OperatorError } from '../errors.js'
import { type DatabaseError, isDatabaseError, isUnavailable, NoConnection } from './failures.js'

/** Exit codes: the database can't be used now, and the configuration or the database must be changed first. */
const UNREACHABLE = 69
const MISCONFIGURED = 78

/** Longest excerpt of the server's own message, in characters. */
const SAID = 300

/** The server's message on one line. A refused connection names roles and databases, but no stored value. */
const saidBy = ({ message }: Error): string => message.replaceAll(/[\p{Cc}\p{Cf}\p{Z}]+/gu, ' ').slice(0, SAID)

type Advice = readonly [matches: RegExp, text: string, exitCode: OperatorError['exitCode']]

/** By SQLSTATE: how to get a connection that was refused. */
const CONNECTING: readonly Advice[] = [
  [/^28P01$/, 'set the password of the role in DATABASE_URL, which may have been changed', MISCONFIGURED],
  [/^28/, 'let the role of DATABASE_URL log in ("alter role … login"), and allow it, this client and its TLS in pg_hba.conf', MISCONFIGURED],
  [/^3D000$/, 'create the database that DATABASE_URL names, or correct the name', MISCONFIGURED],
  [/^42501$/, 'let the role of DATABASE_URL connect: "grant connect on database … to …"', MISCONFIGURED],
  [/^42|^22/, 'correct the options of DATABASE_URL', MISCONFIGURED],
  [/^55000$/, 'let the database accept connections: "alter database … allow_connections true"', UNREACHABLE],
  [/^53300$/, 'lower ROSTER_POOL_SIZE, or raise max_connections, or the limit of the role or database', UNREACHABLE],
  [/^57P03$/, 'wait until it has started, or is out of recovery', UNREACHABLE],
  [/^/, 'see the log of the database or its pooler', UNREACHABLE],
]

// A pooler sends one code for every refusal, so its message decides.
const BY_WORDS: readonly Advice[] = [
  [/startup parameter/i, 'set ROSTER_SESSION_LIMITS=off, as docs/operations.md says of poolers', MISCONFIGURED],
  [/no such|does not exist|not found|authentication failed/i, 'correct the role, the password or the database in DATABASE_URL, or add them to the configuration of the pooler', MISCONFIGURED],
  [/^/, 'see the log of the database or its pooler', UNREACHABLE],
]

/** By SQLSTATE: why an open connection can't be used now. */
const NOW: readonly Advice[] = [
  [/^25006$/, 'the database takes no writes: it is a standby, or default_transaction_read_only is on. Name the primary in DATABASE_URL', UNREACHABLE],
  [/^55P03$/, 'the lock was not granted in time: another session holds it. Try again, or raise ROSTER_LOCK_MS', UNREACHABLE],
  [/^57014$/, 'the database cancelled the statement, which took too long. Try again, or raise ROSTER_STATEMENT_MS', UNREACHABLE],
  [/^40/, 'the statement conflicted with concurrent ones. Try again', UNREACHABLE],
  [/^53/, 'the database is out of disk, memory or connections: see its log', UNREACHABLE],
  [/^/, 'the database ended the connection: see its log', UNREACHABLE],
]

/** By SQLSTATE: why a statement failed. Postgres's own message may repeat stored values, so it is not shown. */
const STATEMENTS: readonly Advice[] = [
  [/^42P01$|^3F000$/, 'the database lacks tables: run "roster migrate" first', 1],
  [/^42P07$/, 'the schema has a table of another application: "create schema …" for Roster, and name it in DATABASE_URL ("?options=-c search_path=…")', MISCONFIGURED],
  [/^42/, 'a table differs from the schema of this release: run "roster migrate" of this release', 1],
  [/^23/, 'the change violates a constraint of the stored data: run "roster verify"', 1],
  [/^22/, 'the database rejected a value: see its log', 1],
  [/^/, 'the database failed: see its log', 1],
]

function adviceOn(advice: readonly Advice[], text: string): Advice {
  return advice.find(([matches]) => matches.test(text)) as Advice
}

const NO_TLS = /does not support SSL/
const TLS = /CERT|TLS|SSL|SIGNATURE|VERIFY/
const NO_PASSWORD = /^SASL: .*password/

function refusedBy(error: DatabaseError): OperatorError {
  const [, what, exitCode] = error.code === '08P01' ? adviceOn(BY_WORDS, error.message) : adviceOn(CONNECTING, error.code)
  return new OperatorError(`the database refused the connection (${saidBy(error)}): ${what}`, exitCode)
}

function notConnected(cause: Error): OperatorError {
  if (isDatabaseError(cause)) return refusedBy(cause)
  if (NO_TLS.test(cause.message)) {
    return new OperatorError('the database offers no TLS, which DATABASE_URL asks for: turn "ssl" on in it, or remove "sslmode" from the URL', MISCONFIGURED)
  }
  if (NO_PASSWORD.test(cause.message)) {
    return new OperatorError('the database asks for a password: name one in DATABASE_URL', MISCONFIGURED)
  }
  const { code = '', syscall } = cause as NodeJS.ErrnoException
  if (TLS.test(code)) {
    return new OperatorError(
      `the TLS certificate of the database is not trusted (${code}): correct it, or name its authority in DATABASE_URL ("sslrootcert=/path")`,
      MISCONFIGURED,
    )
  }
  if (syscall === 'open') return new OperatorError(`a file that DATABASE_URL names can't be read (${code})`, MISCONFIGURED)
  // A name with several addresses fails with an error for each, and no message of its own.
  const failures: readonly Error[] = cause instanceof AggregateError ? cause.errors : [cause]
  return new OperatorError(
    `the database that DATABASE_URL names can't be reached (${failures.map(saidBy).join(', ')}): start it, or correct the host and port in DATABASE_URL`,
    UNREACHABLE,
  )
}

function lacksRight(error: DatabaseError): OperatorError {
  return new OperatorError(
    `the role of DATABASE_URL lacks a privilege (${saidBy(error)}). "roster migrate" must run as the owner of the tables, with ` +
      '"grant usage, create on schema … to …". Every other command needs "grant usage on schema … to …" and ' +
      '"grant select, insert, update, delete on all tables in schema … to …"',
    MISCONFIGURED,
  )
}

/** Turns any failure into an error for the operator that says what was refused and what to do. */
export function toOperatorError(error: unknown): OperatorError {
  if (error instanceof OperatorError) return error
  if (error instanceof NoConnection) return notConnected(error.cause)
  if (!isDatabaseError(error)) {
    return isUnavailable(error) ? notConnected(error as Error) : new OperatorError((error as Error).message)
  }
  // A pooler accepts the connection, and refuses it at the first statement.
  if (error.severity === 'FATAL' && !/^(25|57)/.test(error.code)) return refusedBy(error)
  if (error.code === '42501') return lacksRight(error)
  const [, what, exitCode] = adviceOn(isUnavailable(error) ? NOW : STATEMENTS, error.code)
  return new OperatorError(`${what} (SQLSTATE ${error.code})`, exitCode)
}
