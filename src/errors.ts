import type { components } from '../generated/openapi.js'

/** A word of the closed set of error codes (`ErrorCode` in the contract). */
export type ErrorCode = components['schemas']['ErrorCode']

/** The status and the sentence for people that belong to each code. Total over the contract's codes. */
export const errorCodes: { readonly [Code in ErrorCode]: { readonly status: number; readonly message: string } } = {
  malformed_request: { status: 400, message: 'The request is not well-formed.' },
  malformed_json: { status: 400, message: "The body can't be read." },
  validation_failed: { status: 400, message: 'The request is not valid.' },
  weak_password: { status: 400, message: 'The password is too weak.' },
  duplicate: { status: 400, message: 'Another user of the enterprise has this name or address.' },
  // The two messages of a 401 are what existing clients look for (CONTRACT.md, "What existing clients do").
  not_authenticated: { status: 401, message: 'Authentication credentials were not provided.' },
  invalid_credentials: { status: 401, message: 'Invalid or missing credentials.' },
  forbidden: { status: 403, message: 'You have no permission to do this.' },
  not_found: { status: 404, message: 'Not found.' },
  method_not_allowed: { status: 405, message: 'Method not allowed.' },
  idempotency_conflict: { status: 409, message: 'A request with this Idempotency-Key is under way.' },
  already_rotated: { status: 409, message: 'The key was rotated before.' },
  too_many_keys: { status: 409, message: 'The user has as many keys as it may have.' },
  precondition_failed: { status: 412, message: 'The user has changed since it was read.' },
  payload_too_large: { status: 413, message: 'The body is too large.' },
  unsupported_media_type: { status: 415, message: 'The body has an unsupported media type.' },
  idempotency_mismatch: { status: 422, message: 'This Idempotency-Key was used for another request.' },
  rate_limited: { status: 429, message: 'Too many requests. Try again later.' },
  // The words are what existing clients back off for (CONTRACT.md, "What existing clients do").
  too_many_attempts: { status: 429, message: 'Too many requests: too many sign-ins failed. Try again later.' },
  internal_error: { status: 500, message: 'Internal server error.' },
  unavailable: { status: 503, message: 'The service is unavailable. Try again later.' },
}

/** One thing that is wrong with a request, as `field: what is wrong`. It never repeats what the client sent. */
export interface Fault {
  readonly code: Extract<ErrorCode, 'validation_failed' | 'weak_password' | 'duplicate'>
  readonly text: string
}

/** More faults than this are counted, not listed: one less than `errors` may have in the contract. */
const LISTED = 100

/** A refusal that the contract declares. `http/problems.ts` turns it into the Error body. */
export class Problem extends Error {
  override readonly name = 'Problem'

  /**
   * @param code the word of the closed set; status and message follow from it
   * @param errors one string a fault; the code's message where there are none
   * @param headers headers that the contract declares for this status, such as `Allow`
   */
  constructor(
    readonly code: ErrorCode,
    readonly errors: readonly string[] = [errorCodes[code].message],
    readonly headers: Readonly<Record<string, string>> = {},
  ) {
    super(errorCodes[code].message)
  }

  /** All faults of one request as one refusal. Its code is the faults' own where they share one. */
  static of(faults: readonly [Fault, ...Fault[]]): Problem {
    const code = faults.every((fault) => fault.code === faults[0].code) ? faults[0].code : 'validation_failed'
    const texts = [...new Set(faults.map((fault) => fault.text))]
    const listed = texts.slice(0, LISTED)
    return new Problem(code, texts.length > LISTED ? [...listed, `and ${String(texts.length - LISTED)} more`] : listed)
  }
}

/** A fault of the operator's making (configuration, command line, state of the store), with the exit code that says so. */
export class OperatorError extends Error {
  override readonly name = 'OperatorError'

  /** @param exitCode 1 failed, 2 usage, 69 database unreachable, 74 store or output failed, 75 try again, 78 bad configuration (sysexits.h) */
  constructor(
    message: string,
    readonly exitCode: 1 | 2 | 69 | 74 | 75 | 78 = 1,
  ) {
    super(message)
  }
}
