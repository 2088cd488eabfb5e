const CONFLICTS: ReadonlySet<string> = new Set(['40001', '40P01'])

// SQLSTATE of a database that can't answer now: out of resources, shutting down, cancelled by a limit, no lock, read-only.
const UNAVAILABLE = /^(08...|53...|57P0[1-5]|57014|55P03|25006|25P0[34]|40001|40P01)$/

const NETWORK: ReadonlySet<string> = new Set([
  'EAI_AGAIN',
  'ECONNREFUSED',
  'ECONNRESET',
  'EHOSTUNREACH',
  'ENETUNREACH',
  'ENOENT', // a Unix socket that is not there
  'ENOTFOUND',
  'EPIPE',
  'ETIMEDOUT',
])

const NETWORK_CALLS: ReadonlySet<unknown> = new Set(['connect', 'getaddrinfo', 'read', 'write'])

// `pg` gives these no code.
const LOST_CONNECTION = /^(Connection terminated|timeout exceeded when trying to connect|Client has encountered a connection|Client was closed)/

function codeOf(error: unknown): string | undefined {
  return error instanceof Error && 'code' in error && typeof error.code === 'string' ? error.code : undefined
}

/** Postgres gave the transaction up for a deadlock or a serialization failure; running it again can work. */
export function isConflict(error: unknown): boolean {
  return CONFLICTS.has(codeOf(error) ?? '')
}

/** The database takes no writes: it is a standby, or was made read-only (SQLSTATE 25006). */
export function isReadOnly(error: unknown): boolean {
  return codeOf(error) === '25006'
}

/** A value of the statement was refused (SQLSTATE class 22): the statement can work with other ones. */
export function isDataFault(error: unknown): boolean {
  return isDatabaseError(error) && error.code.startsWith('22')
}

/** A unique constraint, whose name begins so, refused the write (SQLSTATE 23505). A shard of it has a number behind its name. */
export function isUniqueViolation(error: unknown, constraint: string): boolean {
  return isDatabaseError(error) && error.code === '23505' && error.constraint?.startsWith(constraint) === true
}

/** No connection could be opened, for whatever reason: the statement was not sent. */
export class NoConnection extends Error {
  override readonly name = 'NoConnection'

  constructor(override readonly cause: Error) {
    super('no connection to the database could be opened')
  }
}

// The severity of a connection that ends. A pooler refuses a connection only at its first statement, with this severity.
const ENDED: ReadonlySet<string> = new Set(['FATAL', 'PANIC'])

/** The database can't be reached or can't answer now: a matter of trying again, not a fault of the statement. */
export function isUnavailable(error: unknown): boolean {
  if (error instanceof NoConnection) return true
  if (error instanceof AggregateError) return error.errors.some(isUnavailable)
  const code = codeOf(error)
  if (code === undefined) return error instanceof Error && LOST_CONNECTION.test(error.message)
  if (isDatabaseError(error)) return ENDED.has(error.severity) || UNAVAILABLE.test(code)
  return NETWORK.has(code) && NETWORK_CALLS.has((error as { syscall?: unknown }).syscall)
}

/** What Postgres says of an error, whichever engine it came from. */
export interface DatabaseError extends Error {
  readonly code: string
  readonly severity: string
  readonly table?: string
  readonly column?: string
  readonly constraint?: string
  readonly routine?: string
}

/** The error came from Postgres, so that its message and detail may repeat stored values and must not be logged. */
export function isDatabaseError(error: unknown): error is DatabaseError {
  return codeOf(error) !== undefined && 'severity' in (error as Error)
}
