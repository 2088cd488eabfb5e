import type { FastifyError, FastifyInstance, FastifyReply, FastifyRequest } from 'fastify'
import type { components } from '../../generated/openapi.js'
import { networkOf } from '../auth/network.js'
import { isDatabaseError, isUnavailable, NoConnection } from '../db/failures.js'
import { type ErrorCode, errorCodes, Problem } from '../errors.js'
import { RefusedSignIn, type SignInRefusal } from '../users/sign-in.js'
import { BODY_LIMIT } from './body.js'
import { headersOfEveryAnswer } from './headers.js'

/** The body of every answer with a status of 400 or more (`Error` in the contract). */
export type ErrorBody = components['schemas']['Error']

/** The Error body of a code. */
export function errorBody(code: ErrorCode, errors: readonly string[], request_id: string): ErrorBody {
  const { status, message } = errorCodes[code]
  return { errors: [...errors], message, status, code, request_id }
}

const HEADERS: { readonly [Code in ErrorCode]?: Readonly<Record<string, string>> } = {
  not_authenticated: { 'WWW-Authenticate': 'Bearer' },
  invalid_credentials: { 'WWW-Authenticate': 'Bearer' },
  unavailable: { 'Retry-After': '1' },
}

function ofFastify({ statusCode = 500 }: FastifyError): Problem | undefined {
  if (statusCode === 413) return new Problem('payload_too_large', [`body: must have at most ${String(BODY_LIMIT)} bytes`])
  if (statusCode === 415) return new Problem('unsupported_media_type', ['Content-Type: must be application/json'])
  // What is left of Fastify's own refusals is a body that ends before, or after, its Content-Length.
  return statusCode < 500 ? new Problem('malformed_request', ['body: is not as its headers say']) : undefined
}

/** Any error as a refusal of the contract. What is none of ours becomes `unavailable` or `internal_error`. */
export function toProblem(error: unknown): Problem {
  if (error instanceof Problem) return error
  if (isUnavailable(error)) return new Problem('unavailable')
  const refusal = error instanceof Error && 'statusCode' in error ? ofFastify(error as FastifyError) : undefined
  return refusal ?? new Problem('internal_error')
}

/** An error as it may be logged: Postgres repeats stored values in its messages, so of its errors only codes are kept. */
export function loggable(error: unknown): Record<string, unknown> {
  if (error instanceof NoConnection) return loggable(error.cause)
  if (!(error instanceof Error)) return { type: typeof error }
  const frames = error.stack?.split('\n').filter((line) => line.startsWith('    at '))
  if (isDatabaseError(error)) {
    const { code, table, column, constraint, routine } = error
    return { type: error.name, code, table, column, constraint, routine, frames }
  }
  return { type: error.name, message: error.message, frames }
}

/** The refusal of a sign-in. The enterprise is unknown if the request was refused before its rules, or at its deadline. */
function refusedSignIn(problem: Problem, request: FastifyRequest): SignInRefusal | undefined {
  if (problem instanceof RefusedSignIn) return problem.refusal
  if (problem.code !== 'unavailable' || request.operation_id !== 'login') return undefined
  return { reason: 'unavailable', enterprise: undefined, network: networkOf(request.client_address) }
}

/** Answers a request with the Error body of an error, and logs a failure of ours. */
export function sendProblem(error: unknown, request: FastifyRequest, reply: FastifyReply): void {
  const problem = toProblem(error)
  const { status } = errorCodes[problem.code]
  request.error_code = problem.code
  request.refused_sign_in = refusedSignIn(problem, request)
  // One of ours is no failure of anything: what refused it counts it.
  if (status >= 500 && error !== problem) {
    request.log.error({ request_id: request.id, error: loggable(error), error_code: problem.code }, 'request failed')
  }
  void reply
    .code(status)
    .headers({ ...headersOfEveryAnswer(request), ...HEADERS[problem.code], ...problem.headers })
    .send(errorBody(problem.code, problem.errors, request.id))
}

/** Answers every failure with the Error body: of handlers, of Fastify, and of what is not yet a request to a route. */
export function answerProblems(app: FastifyInstance): void {
  app.decorateRequest('error_code')
  app.decorateRequest('refused_sign_in')
  app.setErrorHandler(sendProblem)
}

declare module 'fastify' {
  interface FastifyRequest {
    /** The code of the Error body that was sent, for the log. */
    error_code: ErrorCode | undefined
    /** Why a sign-in was refused, for the log and the metrics. */
    refused_sign_in: SignInRefusal | undefined
  }
}
