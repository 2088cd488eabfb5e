import type { FastifyInstance } from 'fastify'
import type { ErrorCode } from '../errors.js'
import { type SignInRefusal, signInReasons } from '../users/sign-in.js'
import { Histogram } from './histogram.js'

/** What is measured of the requests of an application. */
export interface RequestMeasures {
  readonly durations: Histogram
  /** Answers by the code of their Error body, since the start. */
  readonly refusals: ReadonlyMap<ErrorCode, number>
  /** Refused sign-ins by their reason, since the start. */
  readonly signIns: ReadonlyMap<SignInRefusal['reason'], number>
}

/** Methods that are a label; any other one is `_OTHER`, as OpenTelemetry says, so that nobody can make series. */
const METHODS: ReadonlySet<string> = new Set(['GET', 'HEAD', 'POST', 'PUT', 'PATCH', 'DELETE', 'OPTIONS'])

/** Measures every answer of an application that does not listen yet. */
export function measureRequests(app: FastifyInstance): RequestMeasures {
  const durations = new Histogram('http_server_request_duration_seconds', 'Time from a request to the end of its answer.')
  const refusals = new Map<ErrorCode, number>()
  const signIns = new Map<SignInRefusal['reason'], number>(signInReasons.map((reason) => [reason, 0]))
  app.addHook('onResponse', ({ method, route, error_code, refused_sign_in }, { statusCode, elapsedTime }, done) => {
    const label = METHODS.has(method) ? method : '_OTHER'
    durations.observe(elapsedTime / 1000, `${label} ${String(statusCode)} ${String(route)}`, () => ({
      http_request_method: label,
      http_response_status_code: statusCode,
      http_route: route ?? '',
    }))
    if (error_code !== undefined) refusals.set(error_code, (refusals.get(error_code) ?? 0) + 1)
    if (refused_sign_in !== undefined) signIns.set(refused_sign_in.reason, Number(signIns.get(refused_sign_in.reason)) + 1)
    done()
  })
  return { durations, refusals, signIns }
}
