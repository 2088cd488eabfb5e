import type { operations as Contract } from '../../generated/openapi.js'
import type { operations } from '../../generated/operations.js'
import type { Caller } from '../auth/authenticate.js'
import type { KeyDeps } from '../users/api-keys.js'
import type { Waiter } from '../overload.js'
import type { OnceDeps } from '../users/once.js'
import type { SignInDeps } from '../users/sign-in.js'

/** The name of an operation, the same from `openapi.yaml` to the test. */
export type OperationId = keyof Contract & keyof typeof operations

type Parameters<Id extends OperationId> = Contract[Id]['parameters']
/** A group of parameters that the contract does not declare is empty, so reading from it does not compile. */
type Group<Parameter> = [NonNullable<Parameter>] extends [never] ? object : NonNullable<Parameter>
/** Query parameters with a default are always there once the request is validated. */
type Defaulted<Query, Defaults> = Query & { [Name in keyof Defaults & keyof Query]-?: NonNullable<Query[Name]> }
type LowerCased<Headers> = { [Name in keyof Headers as Lowercase<Name & string>]: Headers[Name] }
type Json<Content> = Content extends { content: { 'application/json': infer Body } } ? Body : undefined

/** A validated request to an operation: what the contract declares of it, and nothing else. */
export interface Input<Id extends OperationId> {
  readonly path: Group<Parameters<Id>['path']>
  readonly query: Defaulted<Group<Parameters<Id>['query']>, (typeof operations)[Id]['queryDefaults']>
  readonly headers: LowerCased<Group<Parameters<Id>['header']>>
  readonly body: Json<NonNullable<Contract[Id]['requestBody']>>
  /** The absolute URL of the request, as its client sees it. */
  readonly url: () => string
  /** The address that it came from; what a trusted proxy says of it counts. */
  readonly address: () => string
  /** The id of the request. */
  readonly request_id: string
  /** The request, as far as work asks whether it is still wanted. */
  readonly waiter: Waiter
}

type Success = 200 | 201 | 204
/** Sent with every answer by `http/`, not by handlers. */
type EveryAnswer = 'X-Request-Id' | 'Cache-Control' | 'RateLimit-Policy' | 'RateLimit'
type Declared<Headers> = keyof { [Name in keyof Headers as string extends Name ? never : Name]: Headers[Name] }
type HeadersOf<Headers> = Exclude<Declared<Headers>, EveryAnswer> extends never
  ? { readonly headers?: never }
  : { readonly headers: { readonly [Name in Exclude<Declared<Headers>, EveryAnswer> & string]: string | undefined } }

/**
 * One of the successes that the contract declares for the operation. A wrong field or status does not compile; an extra
 * field does not where this type is written out as the handler's return type, so write it out.
 */
export type Output<Id extends OperationId> = {
  [Status in keyof Contract[Id]['responses'] & Success]: {
    readonly status: Status
    readonly body: Json<Contract[Id]['responses'][Status]>
  } & HeadersOf<Contract[Id]['responses'][Status] extends { headers: infer Headers } ? Headers : never>
}[keyof Contract[Id]['responses'] & Success]

/** Who calls; nobody, where the contract asks for no key. */
export type CallerOf<Id extends OperationId> = (typeof operations)[Id]['needsKey'] extends true ? Caller : undefined

/**
 * Implements one operation. It never sees a reply, a role, a tenant check or SQL.
 *
 * Failures are thrown as a `Problem` with a code of the contract.
 */
export type Handler<Id extends OperationId> = (input: Input<Id>, caller: CallerOf<Id>) => Promise<Output<Id>>

/** A handler for every operation of the contract: a missing or unknown one does not compile. */
export type Handlers = { readonly [Id in OperationId]: Handler<Id> }

/** What handlers are made of. */
export type HandlerDeps = SignInDeps & KeyDeps & OnceDeps
