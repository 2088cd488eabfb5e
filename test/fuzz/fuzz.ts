import fc from 'fast-check'
import type { FastifyInstance, LightMyRequestResponse } from 'fastify'
import { operations } from '../../generated/operations.js'
import { compile } from '../../src/contract.js'
import type { Answer } from '../../src/http/exit-guard.js'
import type { ErrorBody } from '../../src/http/problems.js'
import { ECHO, RAW } from './mutations.js'
import { all, type Draft, invalidRequest, type Operation, PASSWORD_MARK, type Segment, type Sent, validRequest } from './requests.js'
import { fits, type Schema } from './schemas.js'
import { MARKS, type Who, type World } from './world.js'

const MANAGERS: readonly Who[] = ['superuser', 'admin']
const WITHOUT_KEY: readonly Who[] = ['none', 'expired', 'revoked', 'inactive', 'unmade', 'broken']

/** Codes that a request has earned which the contract allows: what is stored was against it. */
const STORED: readonly string[] = ['duplicate', 'weak_password', 'conflict', 'precondition_failed', 'idempotency_conflict', 'idempotency_mismatch', 'already_rotated', 'too_many_keys', 'too_many_attempts']
/** Faults of rules beyond the schema, as the server words them. */
const RULES = /^password: (is one of the most common|must not be the name)/

/** Nothing of this is in an error: words for an overload, traces, SQL, and names of ours that only the code has. */
const INTERNAL = /timeout|timing out|too many requests|\bat \S+ \(|node_modules|\.js:|select |insert into|update "|relation|constraint|ECONN|pglite|kysely|ajv/i

const isError = compile({ $ref: '#/components/schemas/Error' })

function encoded(draft: Draft): string | Buffer | undefined {
  if (draft.body === undefined) return undefined
  const json = JSON.stringify(draft.body)
  return draft.encode === undefined ? json : draft.encode(json)
}

function written(draft: Draft, world: World): Sent {
  const segment = (one: Segment): string => (typeof one === 'string' ? one : String(world.idOf(one.target, draft.who, one.pick)))
  const query = draft.query.map(([name, value]) => (value === RAW ? name : `${encodeURIComponent(name)}=${encodeURIComponent(toWellFormed(value))}`))
  const path = [draft.prefix, ...draft.segments.map(segment), ''].join('/')
  return { url: `${path}${query.length > 0 ? `?${query.join('&')}` : ''}`, payload: encoded(draft) }
}

function toWellFormed(text: string): string {
  return Buffer.from(text).toString()
}

/** The operation that the request is of, if its path and its method still are as declared. */
function operationOf({ method, prefix, segments, operation }: Draft): Operation | undefined {
  const parts = operation.path.split('/').filter((part) => part !== '')
  const same =
    prefix === '/api' &&
    parts.length === segments.length &&
    parts.every((part, i) => (part.startsWith('{') ? typeof segments[i] === 'object' : segments[i] === part))
  return same ? all.find(({ path, method: its }) => path === operation.path && its === method) : undefined
}

function parsed(payload: string | Buffer | undefined): { value?: unknown } {
  try {
    return { value: JSON.parse(new TextDecoder('utf-8', { fatal: true }).decode(Buffer.from(payload ?? ''))) as unknown }
  } catch {
    return {}
  }
}

const allowed = new Map<Schema, (value: unknown) => boolean>()
function isAllowed(schema: Schema, value: unknown): boolean {
  const test = allowed.get(schema) ?? fits(schema)
  allowed.set(schema, test)
  return test(value)
}

function strangerFault({ segments, who }: Draft): string | undefined {
  const target = segments.find((segment) => typeof segment === 'object')?.target
  if (target === undefined) return undefined
  const own = who === 'stranger' ? ['stranger', 'self'].includes(target) : target !== 'stranger'
  return own ? undefined : 'the user is of another enterprise'
}

function parameterFault({ query }: Draft, { parameters }: Operation): string | undefined {
  for (const { name, in: place, schema } of parameters) {
    if (place !== 'query') continue
    const [text = '', ...more] = query.filter(([one, value]) => one === name && value !== RAW).map(([, value]) => toWellFormed(value))
    const value = schema.type === 'integer' && /^(0|[1-9]\d*)$/.test(text) ? Number(text) : text
    const isSent = query.some(([one, its]) => one === name && its !== RAW)
    if (more.length > 0 || (isSent && !isAllowed(schema, value))) return `the parameter ${name} is not as declared`
  }
  return undefined
}

function bodyFault({ payload }: Sent, { body }: Operation): string | undefined {
  if (body === undefined) return undefined
  const { value } = parsed(payload)
  return value === undefined || !isAllowed(body, value) ? 'the body is not as declared' : undefined
}

/** Why the request must be refused whatever is stored; undefined where it need not be. */
function mustRefuse(draft: Draft, sent: Sent): string | undefined {
  const operation = operationOf(draft)
  if (operation === undefined) return 'the path or the method is none'
  if (!operation.open && WITHOUT_KEY.includes(draft.who)) return `the key is ${draft.who}`
  return strangerFault(draft) ?? parameterFault(draft, operation) ?? bodyFault(sent, operation)
}

/** Whether what is stored, or who the caller is, explains the refusal of a request that the contract allows. */
function isRightRefusal({ operation, who, segments }: Draft, { status, code, errors }: ErrorBody): boolean {
  const target = segments.find((segment) => typeof segment === 'object')?.target
  const manages = MANAGERS.includes(who)
  switch (status) {
    case 401:
      return operation.open
    case 403:
      if (operations[operation.id].whoMayCall === 'self') return target !== 'self' && target !== who
      return operations[operation.id].whoMayCall === 'anyone' ? target !== undefined : !manages || target !== 'member'
    case 404:
      // A key of the user by this id there never is.
      if (operation.path.includes('{api_key_id}')) return true
      return target !== undefined && target !== 'self' && target !== who && (!manages || ['nobody', 'stranger'].includes(target))
    default:
      return STORED.includes(code) || (code === 'validation_failed' && errors.every((text) => RULES.test(text)))
  }
}

/** What a run did: how many answers of each status an operation gave to valid requests and to others. */
export type Tally = Record<string, number>

/** What the fuzzer runs on. */
export interface Fuzzed {
  readonly app: FastifyInstance
  readonly world: World
  /** Where the exit guard of the app puts what it saw. */
  readonly answers: Answer[]
}

function leaks(draft: Draft, sent: Sent, { world }: Fuzzed, answer: LightMyRequestResponse): string | undefined {
  const text = `${answer.body}\n${JSON.stringify(answer.headers)}`
  const otherMark = draft.who === 'stranger' ? MARKS.acme : MARKS.globex
  if (text.includes(otherMark)) return 'it shows something of another enterprise'
  if (text.includes(PASSWORD_MARK) && !sent.url.includes(PASSWORD_MARK)) return 'it repeats a password'
  const own = answer.statusCode === 200 ? world.keys[draft.who] : undefined
  if (world.secrets.some((secret) => text.includes(secret) && own?.includes(secret) !== true)) return 'it shows the secret of a key'
  if (answer.statusCode < 400) return undefined
  if (text.includes(ECHO)) return 'the error repeats what was sent'
  // Of an overload a 429 may speak.
  return answer.statusCode !== 429 && INTERNAL.test(text) ? 'the error shows what is inside' : undefined
}

function errorFault(answer: LightMyRequestResponse): string | undefined {
  const { value } = parsed(answer.rawPayload) as { value?: ErrorBody }
  if (!isError(value)) return 'the Error body is not as declared'
  if (value?.status !== answer.statusCode) return 'the status in the body is another'
  if (value.request_id !== answer.headers['x-request-id']) return 'the request id in the body is another'
  return answer.headers['content-type'] === 'application/json; charset=utf-8' ? undefined : 'the Error body has another type'
}

async function send(draft: Draft, sent: Sent, { app, world }: Fuzzed): Promise<LightMyRequestResponse> {
  const key = world.keys[draft.who]
  return app.inject({
    method: draft.method as 'GET',
    url: sent.url,
    headers: {
      ...(sent.payload === undefined ? {} : { 'content-type': 'application/json' }),
      ...(key === undefined ? {} : { authorization: `Bearer ${key}` }),
      ...draft.headers,
    },
    ...(sent.payload === undefined ? {} : { payload: sent.payload }),
  })
}

/** Nobody deletes the callers: they could not be made again with their keys. */
function spareCallers({ method, segments, who }: Draft): void {
  for (const segment of segments) {
    if (method !== 'DELETE' || typeof segment !== 'object') continue
    if (['superuser', 'admin', 'viewer', 'self'].includes(segment.target) && segment.target !== who) Object.assign(segment, { target: 'member' })
  }
}

/** Whether callers or members are no longer what they were. */
function hasChanged({ method, segments, sent }: Draft, status: number): boolean {
  if (status < 300 && /logout|api_key/.test(String(sent?.url))) return true
  const hit = segments.find((segment) => typeof segment === 'object')
  return status < 300 && method !== 'GET' && hit !== undefined && (method === 'DELETE' || hit.target !== 'member')
}

function verdict(draft: Draft, sent: Sent, fuzzed: Fuzzed, answer: LightMyRequestResponse): string | undefined {
  const status = answer.statusCode
  const undeclared = fuzzed.answers.flatMap(({ faults }) => faults)
  if (undeclared.length > 0) return `undeclared: ${undeclared.join('; ')}`
  if (status >= 500) return 'the server failed'
  // The root, which is outside of the contract, leads to the reference. `inject` takes dots out of a
  // path as it sends it, and a slash more at the end is none.
  if (status >= 300 && status < 400 && !/^\/+(\?|$)/.test(String(answer.raw.req.url))) return 'no redirect is declared'
  const fault = leaks(draft, sent, fuzzed, answer) ?? (status >= 400 ? errorFault(answer) : undefined)
  if (fault !== undefined) return fault
  const why = mustRefuse(draft, sent)
  if (status < 400) return why === undefined || operationOf(draft) === undefined ? undefined : `it was not refused: ${why}`
  const isRight = draft.done.length > 0 || why !== undefined || isRightRefusal(draft, answer.json())
  return isRight ? undefined : 'the contract allows the request'
}

/** Sends a request. What is wrong with the answer; undefined when nothing is. */
export async function judge(draft: Draft, fuzzed: Fuzzed, tally: Tally): Promise<string | undefined> {
  spareCallers(draft)
  const sent = written(draft, fuzzed.world)
  fuzzed.answers.length = 0
  const answer = await send(draft, sent, fuzzed)
  Object.assign(draft, { sent, status: answer.statusCode })
  const name = `${draft.operation.id} ${draft.done.length === 0 ? 'valid' : 'other'} ${String(answer.statusCode)}`
  tally[name] = (tally[name] ?? 0) + 1
  const fault = verdict(draft, sent, fuzzed, answer)
  if (hasChanged(draft, answer.statusCode)) await fuzzed.world.heal()
  return fault
}

function shown({ method, who, headers, done, sent, status }: Draft): string {
  const body = sent?.payload === undefined ? '' : ` ${String(sent.payload).slice(0, 500)}`
  const how = done.length === 0 ? 'valid' : done.join(', ')
  return `${method} ${String(sent?.url).slice(0, 300)} as ${who}, ${JSON.stringify(headers).slice(0, 300)}${body}: ${String(status)} (${how})`
}

/** How a run ended. */
export interface Outcome {
  /** Undefined when nothing was found. */
  readonly found: string | undefined
  readonly requests: number
  readonly tally: Tally
}

/** Sends so many requests, derived from the contract alone, to all of its operations; half of them are valid. */
export async function fuzz(fuzzed: Fuzzed, { seed, runs }: { seed: number; runs: number }): Promise<Outcome> {
  const tally: Tally = {}
  let found: string | undefined
  let first: string | undefined
  const { enterprise } = fuzzed.world.directory.acme
  const request = fc.oneof(...all.flatMap((operation) => [validRequest(operation, enterprise), invalidRequest(operation, enterprise)]))
  const property = fc.asyncProperty(request, async (draft) => {
    const fault = await judge(draft, fuzzed, tally).catch((error: unknown) => `the fuzzer failed: ${String((error as Error).stack)}`)
    if (fault === undefined) return
    found = `${fault}: ${shown(draft)}`
    first ??= found
    throw new Error(fault)
  })
  const { numRuns } = await fc.check(property, { seed, numRuns: runs })
  // The first one is what happened; the last one is the shortest that still fails, on a directory that went on.
  return { found: first === found ? found : `${String(first)}; the same made shorter: ${String(found)}`, requests: numRuns, tally }
}
