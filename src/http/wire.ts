import type { FastifyInstance, FastifyRequest, RouteHandlerMethod, RouteOptions } from 'fastify'
import glue from 'fastify-openapi-glue'
import { apiPrefix, operations } from '../../generated/operations.js'
import type { Caller } from '../auth/authenticate.js'
import type { LastUsed } from '../auth/last-used.js'
import { faultTexts, spec } from '../contract.js'
import { makeLookup } from '../db/lookups.js'
import { type Fault, Problem } from '../errors.js'
import { type BodyRule, createBodyRules, createHandlers } from '../handlers/index.js'
import type { HandlerDeps, Input, OperationId } from '../handlers/seam.js'
import { guard } from './guard.js'
import { requestUrl } from './url.js'
import { SchemaFaults } from './validation.js'

function schemaFaults(request: FastifyRequest): Fault[] {
  // Whatever `validation.ts` refused; Fastify's type for it knows only its own compiler's errors.
  const refused: unknown = request.validationError
  return faultTexts(refused instanceof SchemaFaults ? refused.errors : []).map((text) => ({ code: 'validation_failed', text }))
}

function requireValid(request: FastifyRequest, caller: Caller, hasBody: boolean, rule: BodyRule | undefined): void {
  if (hasBody && request.body === undefined) throw new Problem('validation_failed', ['body: is required'])
  const [first, ...others] = [...schemaFaults(request), ...(rule?.(caller, request.body) ?? [])]
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
  rule: BodyRule | undefined,
  publicUrl: string | undefined,
): RouteHandlerMethod {
  const { hasBody } = operations[id]
  return async (request, reply) => {
    const caller = request.caller as Caller
    requireValid(request, caller, hasBody, rule)
    const { params: path, query, headers, body } = request
    // What was just validated against the contract is what its types say.
    const input = { path, query, headers, body, url: () => requestUrl(request, publicUrl), address: () => request.ip } as Input<OperationId>
    const { status, body: answer, headers: more } = await handler(input as never, caller as never)
    reply.code(status)
    for (const name in more) if (more[name] !== undefined) reply.header(name, more[name])
    // Returning the reply would have Fastify wait for it, with listeners on its stream.
    if (answer !== undefined) return answer
    return reply.send()
  }
}

/** Wires every operation of the contract to its guard and its handler, under the contract's prefix. */
export async function wire(
  app: FastifyInstance,
  deps: HandlerDeps,
  { publicUrl, lastUsed }: { publicUrl: string | undefined; lastUsed: LastUsed },
): Promise<void> {
  const lookup = makeLookup(deps.db)
  const handlers = createHandlers(deps)
  const rules = createBodyRules(deps)
  const route = (id: OperationId): Omit<RouteOptions, 'method' | 'url'> => ({
    config: { operationId: id },
    onRequest: guard(lookup, lastUsed, id),
    // `requireValid` answers a schema's faults together with the rules'.
    attachValidation: true,
    handler: routeHandler(id, handlers[id], rules[id], publicUrl),
  })
  await app.register(glue, {
    specification: spec,
    prefix: apiPrefix,
    operationResolver: (id: string) => route(id as OperationId) as RouteOptions,
  })
}
