import type { ErrorObject } from 'ajv'
import type { FastifyInstance, FastifyRequest, RouteHandlerMethod, RouteOptions } from 'fastify'
import glue from 'fastify-openapi-glue'
import { apiPrefix, operations } from '../../generated/operations.js'
import type { Caller } from '../auth/authenticate.js'
import type { LastUsed } from '../auth/last-used.js'
import type { Config } from '../config.js'
import { faultTexts, spec } from '../contract.js'
import { makeLookup } from '../db/lookups.js'
import { type Fault, Problem } from '../errors.js'
import { createHandlers, createRequestRules, type RequestRule } from '../handlers/index.js'
import type { Input, OperationId } from '../handlers/seam.js'
import { requireWaiting } from '../overload.js'
import type { WriteDeps } from '../users/write.js'
import { guard } from './guard.js'
import { makeRateLimits } from './rate-limits.js'
import { requestUrl } from './url.js'
import { SchemaFaults } from './validation.js'

/** A user may keep a name that only an earlier release accepted: PUT requires the name, and clients send it back as read. */
function isKept({ keyword, instancePath, data }: ErrorObject, caller: Caller | undefined): boolean {
  return keyword === 'x-characters' && instancePath === '/username' && data === caller?.wanted?.username
}

function schemaFaults(request: FastifyRequest, caller: Caller | undefined): Fault[] {
  // Whatever `validation.ts` refused; Fastify's type for it knows only its own compiler's errors.
  const refused: unknown = request.validationError
  const errors = refused instanceof SchemaFaults ? refused.errors.filter((error) => !isKept(error, caller)) : []
  return faultTexts(errors).map((text) => ({ code: 'validation_failed', text }))
}

function requireValid(request: FastifyRequest, caller: Caller, hasBody: boolean, rule: RequestRule | undefined): void {
  if (hasBody && request.body === undefined) throw new Problem('validation_failed', ['body: is required'])
  if (request.validationError === undefined && rule === undefined) return
  const [first, ...others] = [...schemaFaults(request, caller), ...(rule?.(caller, request.body, request.headers) ?? [])]
  if (first !== undefined) throw Problem.of([first, ...others])
}

interface AnyOutput {
  readonly status: number
  readonly body: unknown
  readonly headers?: Readonly<Record<string, string | undefined>>
}

/** Any handler of the map: what it takes is known only once its operation is. */
type AnyHandler = (input: never, caller: never) => Promise<AnyOutput>

function routeHandler(
  id: OperationId,
  handler: AnyHandler,
  rule: RequestRule | undefined,
  publicUrl: string | undefined,
): RouteHandlerMethod {
  const { hasBody } = operations[id]
  return async (request, reply) => {
    const caller = request.caller as Caller
    requireValid(request, caller, hasBody, rule)
    const { exchange } = request
    requireWaiting(exchange)
    const { params: path, query, headers, body } = request
    // What was just validated against the contract is what its types say.
    const input = { path, query, headers, body, url: () => requestUrl(request, publicUrl), address: () => request.client_address, request_id: request.id, waiter: exchange } as Input<OperationId>
    let output
    exchange.begin()
    try {
      output = await handler(input as never, caller as never)
    } catch (error) {
      // It was too late.
      if (reply.sent) return undefined
      throw error
    } finally {
      exchange.rest()
    }
    if (reply.sent) return undefined
    const { status, body: answer, headers: more } = output
    reply.code(status)
    for (const name in more) if (more[name] !== undefined) reply.header(name, more[name])
    // Returning the reply would have Fastify wait for it, with listeners on its stream.
    if (answer !== undefined) return answer
    return await reply.send()
  }
}

/** Wires every operation of the contract to its guard and its handler, under the contract's prefix. */
export async function wire(
  app: FastifyInstance,
  deps: WriteDeps,
  config: Config,
  lastUsed: LastUsed,
): Promise<void> {
  const limits = makeRateLimits(config)
  const lookup = makeLookup(deps.db, config.requests, config.traces !== undefined)
  const handlers = createHandlers({ ...deps, config })
  const rules = createRequestRules(deps)
  const route = (id: OperationId): Omit<RouteOptions, 'method' | 'url'> => ({
    config: { operationId: id },
    onRequest: guard(lookup, lastUsed, id, limits),
    // `requireValid` answers a schema's faults together with the rules'.
    attachValidation: true,
    handler: routeHandler(id, handlers[id], rules[id], config.publicUrl),
  })
  await app.register(glue, {
    specification: spec,
    prefix: apiPrefix,
    operationResolver: (id: string) => route(id as OperationId) as RouteOptions,
  })
}
