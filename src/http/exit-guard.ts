import type { ValidateFunction } from 'ajv'
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify'
import { compile, faultsFound, resolve, type Response, spec } from '../contract.js'
import type { OperationId } from '../handlers/seam.js'

declare module 'fastify' {
  interface FastifyReply {
    /** Its body was compared with the contract. */
    isCompared: boolean
  }
}

/** What was about to be sent, compared with the contract. */
export interface Answer {
  /** The operation; all of the path where the method was wrong; none for an unknown path. */
  readonly operation_ids: readonly OperationId[]
  readonly status: number
  /** Where the answer is not what the contract declares; empty when all is right. Values are not repeated. */
  readonly faults: readonly string[]
}

/** Framing, which OpenAPI leaves to HTTP, and what only browsers are told (`headers.ts`, `cors.ts`). */
const UNDECLARED: ReadonlySet<string> = new Set([
  ...['connection', 'content-length', 'content-type', 'date', 'keep-alive'],
  ...['x-content-type-options', 'content-security-policy', 'referrer-policy', 'cross-origin-resource-policy'],
  'strict-transport-security',
  ...['access-control-allow-origin', 'access-control-expose-headers', 'vary'],
])

/** The schema of what is answered where no operation is. */
const ERROR = { $ref: '#/components/schemas/Error' }

interface Declared {
  readonly headers: ReadonlyMap<string, { readonly required: boolean; readonly validate: ValidateFunction; readonly integer: boolean }>
  readonly body: ValidateFunction | undefined
}

function declare(response: Response): Declared {
  const { headers = {}, content } = resolve(response)
  return {
    headers: new Map(
      Object.entries(headers).map(([name, reference]) => {
        const { required = false, schema } = resolve(reference)
        const integer = 'type' in schema && schema.type === 'integer'
        return [name.toLowerCase(), { required, validate: compile(schema), integer }]
      }),
    ),
    body: content && compile(content['application/json'].schema),
  }
}

/** What the contract declares for an operation and a status. Read at the first such answer, since a start has no time for it. */
function declaredAnswers(): (id: OperationId, status: number) => Declared | undefined {
  const operations = Object.values(spec.paths).flatMap((methods) => Object.values(methods))
  const responses = new Map<string, Response>(
    operations.flatMap(({ operationId, responses }) =>
      Object.entries(responses).map(([status, response]) => [`${operationId} ${status}`, response] as const),
    ),
  )
  const declared = new Map<OperationId, Map<number, Declared | undefined>>()
  return (id, status) => {
    const ofOperation = declared.get(id) ?? new Map<number, Declared | undefined>()
    declared.set(id, ofOperation)
    if (!ofOperation.has(status)) {
      const response = responses.get(`${id} ${String(status)}`)
      ofOperation.set(status, response && declare(response))
    }
    return ofOperation.get(status)
  }
}

const NONE: readonly string[] = []

function headerFaults(declared: Declared, headers: Record<string, unknown>): string[] {
  const faults: string[] = []
  for (const name in headers) {
    if (!declared.headers.has(name) && !UNDECLARED.has(name)) faults.push(`${name}: is an undeclared header`)
  }
  for (const [name, { required, validate, integer }] of declared.headers) {
    const value = headers[name]
    if (value === undefined ? required : !validate(integer ? Number(value) : value)) {
      faults.push(`${name}: is missing or not as declared`)
    }
  }
  return faults
}

function bodyFaults(body: ValidateFunction | undefined, payload: unknown): readonly string[] {
  if (body === undefined) return payload === undefined ? NONE : ['body: is not declared']
  return body(payload) ? NONE : faultsFound(body)
}

/** Answers of this process that were not as the contract says, since its start. */
export const undeclared = { answers: 0 }

/**
 * What a server does with the answers that differ: it sends them all the same, counts them, and logs each
 * with the count.
 */
export function countUndeclared({ log }: FastifyInstance): (answer: Answer, request: FastifyRequest) => void {
  return (answer, { id: request_id }) => {
    if (answer.faults.length === 0) return
    const undeclared_answers = ++undeclared.answers
    log.error({ request_id, undeclared_answers, ...answer }, 'the answer is not as the contract says')
  }
}

/**
 * Compares every answer of an operation with the contract, before it is serialised: serialisation would silently drop what
 * is not declared. Error bodies of unknown paths are compared with the `Error` schema.
 *
 * @param onAnswer told of every answer; what it throws fails the answer
 */
export function guardAnswers(app: FastifyInstance, onAnswer: (answer: Answer, request: FastifyRequest) => void): void {
  const declaredFor = declaredAnswers()

  const faultsOf = (operation_ids: readonly OperationId[], reply: FastifyReply, payload: unknown): readonly string[] => {
    if (operation_ids.length === 0) return bodyFaults(compile(ERROR), payload)
    const faults: string[] = []
    const headers = reply.getHeaders()
    for (const id of operation_ids) {
      const declared = declaredFor(id, reply.statusCode)
      if (declared === undefined) faults.push(`${id}: status ${String(reply.statusCode)} is not declared`)
      else faults.push(...headerFaults(declared, headers), ...bodyFaults(declared.body, payload))
    }
    return faults
  }
  const look = (request: FastifyRequest, reply: FastifyReply, payload: unknown): void => {
    const { operation_ids } = request
    if (operation_ids.length === 0 && reply.statusCode < 400) return
    onAnswer({ operation_ids, status: reply.statusCode, faults: faultsOf(operation_ids, reply, payload) }, request)
  }
  app.decorateReply('isCompared', false)
  app.addHook('preSerialization', (request, reply, payload, done) => {
    reply.isCompared = true
    look(request, reply, payload)
    done(null, payload)
  })
  // What is not serialised: no body, or one that is bytes already, which no operation declares.
  app.addHook('onSend', (request, reply, payload, done) => {
    if (!reply.isCompared) look(request, reply, payload)
    done(null, payload)
  })
}
