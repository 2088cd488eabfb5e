import type { components } from '../../generated/openapi.js'

/** The body of every answer of Roster with a status of 400 or more. */
export type ErrorBody = components['schemas']['Error']

/** The codes of Roster's own answers (`ErrorCode` in the contract). */
export type ErrorCode = components['schemas']['ErrorCode']

/**
 * The codes that the client adds: no answer came (`network_error`), none in time (`timeout`), or one that Roster does not
 * send, as a proxy's page (`invalid_answer`).
 */
export type ClientErrorCode = 'network_error' | 'timeout' | 'invalid_answer'

/** What a `RosterError` is made of, beside its message. */
export interface RosterErrorFields {
  status: number
  code: RosterError['code']
  errors?: readonly string[]
  request_id?: string | undefined
  cause?: unknown
}

/** Any call that failed, except one that its caller aborted: that one fails with the reason of the signal. */
export class RosterError extends Error {
  /** `RosterError`. */
  override readonly name = 'RosterError'
  /** The HTTP status; 0 when no answer came. */
  readonly status: number
  /** The fault as a stable word. A newer server may have words that this client does not list. */
  readonly code: ErrorCode | ClientErrorCode | (string & Record<never, never>)
  /** One string a fault, as `field: what is wrong`; empty when the answer was not Roster's. */
  readonly errors: readonly string[]
  /** The id of the request in the server's log, where an answer had one. */
  readonly request_id: string | undefined

  /** Makes the error of a failed call. */
  constructor(message: string, { status, code, errors = [], request_id, cause }: RosterErrorFields) {
    super(message, cause === undefined ? undefined : { cause })
    this.status = status
    this.code = code
    this.errors = errors
    this.request_id = request_id
  }
}

function isErrorBody(body: object = {}): body is ErrorBody {
  const { errors, message, code, request_id } = body as Partial<Record<keyof ErrorBody, unknown>>
  return Array.isArray(errors) && [message, code, request_id].concat(errors).every((text) => typeof text === 'string')
}

/** The error of an answer whose status tells of one: as its body says, or `invalid_answer` where that is not Roster's. */
export function errorOfAnswer(answer: Response, body: object | undefined): RosterError {
  // Nothing of a stranger's body is repeated: it may hold what was sent, the key too.
  return isErrorBody(body) ? new RosterError(body.message, { ...body, status: answer.status }) : invalidAnswer(answer)
}

/** The error of an answer that Roster does not give. */
export function invalidAnswer({ status, headers }: Response): RosterError {
  return new RosterError(`The answer (status ${String(status)}) is none of Roster's.`, {
    status,
    code: 'invalid_answer',
    request_id: headers.get('x-request-id') ?? undefined,
  })
}

/** The error of a request that got no answer, or not the whole of it. */
export function networkError(fault: unknown): RosterError {
  // fetch hides what happened in a cause. Only its words are kept: some causes hold bytes of the answer, with a key in it.
  const inner = (fault as { cause?: unknown } | undefined)?.cause ?? fault
  const { name, message, code } = inner instanceof Error ? (inner as Error & { code?: unknown }) : { name: typeof inner }
  return new RosterError('No answer came.', { status: 0, code: 'network_error', cause: { name, message, code } })
}

/** The error of a try that took longer than its `timeoutMs`. */
export function timeoutError(timeoutMs: number): RosterError {
  return new RosterError(`No answer came within ${String(timeoutMs)} ms.`, { status: 0, code: 'timeout' })
}
