/**
 * The client of Roster's API, for Node and browsers: one method an operation of `openapi.yaml`, named as it is. It needs
 * nothing but `fetch`.
 */
import type { components, operations, paths } from '../../generated/openapi.js'
import { RosterError } from './errors.js'
import {
  type CallOptions,
  type ClientOptions,
  type CreateOptions,
  idempotencyKeyOf,
  ifMatchOf,
  makeSend,
  type Outgoing,
  type Send,
  type WriteOptions,
} from './transport.js'

export { type ClientErrorCode, type ErrorBody, type ErrorCode, RosterError, type RosterErrorFields } from './errors.js'
export type { RetryOptions } from './retry.js'
export { type CallOptions, type ClientOptions, type CreateOptions, etagOf, type WriteOptions } from './transport.js'

/** A user, as answered. */
export type User = components['schemas']['User']
/** The user's place in the enterprise, as answered. */
export type UserProfile = components['schemas']['UserProfile']
/** The user's place in the enterprise, as sent. */
export type UserProfileInput = components['schemas']['UserProfileInput']
/** What a user may do. */
export type Role = components['schemas']['Role']
/** One page of users. */
export type UserList = components['schemas']['UserList']
/** A user as sent to `createUser` and `updateUser`. */
export type UserCreate = components['schemas']['UserCreate']
/** The fields of a user to change, as sent to `partialUpdateUser`. */
export type UserUpdate = components['schemas']['UserUpdate']
/** Which users `listUsers` answers, and which page of them. */
export type UserQuery = NonNullable<operations['listUsers']['parameters']['query']>
/** One change, as the audit trail has it. */
export type AuditEntry = components['schemas']['AuditEntry']
/** One page of the audit trail. */
export type AuditEntryList = components['schemas']['AuditEntryList']
/** Which entries `listAuditEntries` answers, and from where on. */
export type AuditQuery = NonNullable<operations['listAuditEntries']['parameters']['query']>
/** What the caller's own user is checked against, in `getUserInfo`. */
export type CallerHeaders = NonNullable<operations['getUserInfo']['parameters']['header']>

/** A key, as listed. */
export type ApiKey = components['schemas']['ApiKey']
/** A key with its secret, as `createApiKey` and `rotateApiKey` answer it. */
export type ApiKeyMade = components['schemas']['ApiKeyMade']
/** A key as sent to `createApiKey`. */
export type ApiKeyCreate = components['schemas']['ApiKeyCreate']
/** One page of keys. */
export type ApiKeyList = components['schemas']['ApiKeyList']
/** Which page of keys `listApiKeys` answers. */
export type ApiKeyQuery = NonNullable<operations['listApiKeys']['parameters']['query']>
/** Who signs in. */
export type Login = components['schemas']['Login']
/** To which enterprise, and from which client. */
export type LoginHeaders = operations['login']['parameters']['header']
/** A key for the user who signed in. */
export type LoginResult = components['schemas']['LoginResult']
/** What the presented key is and whose. */
export type TokenInfo = components['schemas']['TokenInfo']

type Method = 'get' | 'put' | 'post' | 'patch' | 'delete'

/** The body of an operation's success. */
type Success<Operation> = Operation extends { responses: infer Responses }
  ? { [Status in keyof Responses & (200 | 201 | 204)]: JsonOf<Responses[Status]> }[keyof Responses & (200 | 201 | 204)]
  : never
type JsonOf<Answer> = Answer extends { content: { 'application/json': infer Body } } ? Body : undefined

/** A method for each operation: the compiler tells which one lacks when the contract gets a new one. */
type Operations = { [Id in keyof operations]: (...given: never[]) => Promise<Success<operations[Id]>> }

// The most that a page has; fewer requests are fewer chances for users to move between pages.
const PAGE = 1000

/** A client of one Roster server with one key, or none to sign in. Its methods fail with a `RosterError`, or the reason of their signal. */
export class RosterClient implements Operations {
  readonly #send: Send

  /** Makes a client; it connects to nothing yet. Throws a TypeError for a wrong `baseUrl` or `key`. */
  constructor(options: ClientOptions) {
    this.#send = makeSend(options)
  }

  async #call<Path extends keyof paths, M extends Method>(
    method: M,
    path: Path,
    { user_id = 0, api_key_id = '', ...request }: Omit<Outgoing, 'method' | 'path'> & { user_id?: number; api_key_id?: string },
    options?: CallOptions,
  ): Promise<Success<paths[Path][M]>> {
    const outgoing = {
      ...request,
      method: method.toUpperCase(),
      path: path.replace('{user_id}', encodeURIComponent(user_id)).replace('{api_key_id}', encodeURIComponent(api_key_id)),
    }
    return (await this.#send(outgoing, options)) as Success<paths[Path][M]>
  }

  /** The caller, with the key it presented in `token`. */
  async getUserInfo(headers?: CallerHeaders, options?: CallOptions): Promise<User> {
    return this.#call('get', '/user_info/', { headers }, options)
  }

  /** One page of the users that the caller may see, by ascending `id`. */
  async listUsers(query?: UserQuery, options?: CallOptions): Promise<UserList> {
    return this.#call('get', '/user/', { query }, options)
  }

  /**
   * All users that the caller may see, from `query.offset` on, page by page as they are asked for. Each comes once while
   * nothing changes; when users are deleted meanwhile, some that move to a page already read do not come.
   */
  async *listAllUsers(query: UserQuery = {}, options?: CallOptions): AsyncGenerator<User, void, undefined> {
    let offset: number | undefined = query.offset ?? 0
    while (offset !== undefined) {
      const page: UserList = await this.listUsers({ limit: PAGE, ...query, offset }, options)
      yield* page.results
      offset = offsetOf(page.next, offset)
    }
  }

  /** Creates a user in the caller's enterprise, once however often it is tried: each call has a key, its own or yours. */
  async createUser(user: UserCreate, { idempotencyKey, ...options }: CreateOptions = {}): Promise<User> {
    return this.#call('post', '/user/', { headers: idempotencyKeyOf(idempotencyKey), body: user }, options)
  }

  /** One user. */
  async getUser(user_id: number, options?: CallOptions): Promise<User> {
    return this.#call('get', '/user/{user_id}/', { user_id }, options)
  }

  /**
   * Changes a user: `username` and `profile` are required, an optional field that is absent keeps its value. With `ifMatch`,
   * where an answer was lost and the call tried again, its own change is a 412.
   */
  async updateUser(user_id: number, user: UserCreate, { ifMatch, ...options }: WriteOptions = {}): Promise<User> {
    return this.#call('put', '/user/{user_id}/', { user_id, headers: ifMatchOf(ifMatch), body: user }, options)
  }

  /** Changes the fields that are given. Never tried again by itself. */
  async partialUpdateUser(user_id: number, fields: UserUpdate, { ifMatch, ...options }: WriteOptions = {}): Promise<User> {
    return this.#call('patch', '/user/{user_id}/', { user_id, headers: ifMatchOf(ifMatch), body: fields }, options)
  }

  /** Deletes a user and its keys. Where an answer was lost and the call tried again, a user that is gone now is a 404. */
  async deleteUser(user_id: number, { ifMatch, ...options }: WriteOptions = {}): Promise<undefined> {
    return this.#call('delete', '/user/{user_id}/', { user_id, headers: ifMatchOf(ifMatch) }, options)
  }

  /** One page of the audit trail. To go on, send the last `seq` as `after`. */
  async listAuditEntries(query?: AuditQuery, options?: CallOptions): Promise<AuditEntryList> {
    return this.#call('get', '/audit/', { query }, options)
  }

  /**
   * Signs in: answers a key, for a new client of its own. This client needs no key for it. Never tried again by itself.
   */
  async login(who: Login, headers: LoginHeaders, options?: CallOptions): Promise<LoginResult> {
    return this.#call('post', '/login/', { headers, body: who }, options)
  }

  /** Revokes the client's key. */
  async logout(options?: CallOptions): Promise<undefined> {
    return this.#call('post', '/logout/', {}, options)
  }

  /** What the client's key is and whose. */
  async getTokenInfo(options?: CallOptions): Promise<TokenInfo> {
    return this.#call('get', '/v1/token-info/', {}, options)
  }

  /** One page of the keys of a user that work, oldest first. */
  async listApiKeys(user_id: number, query?: ApiKeyQuery, options?: CallOptions): Promise<ApiKeyList> {
    return this.#call('get', '/user/{user_id}/api_key/', { user_id, query }, options)
  }

  /** Makes a key of the caller's own; its `key` is answered this once. Never tried again by itself. */
  async createApiKey(user_id: number, key: ApiKeyCreate, options?: CallOptions): Promise<ApiKeyMade> {
    return this.#call('post', '/user/{user_id}/api_key/', { user_id, body: key }, options)
  }

  /** Replaces a key of the caller's own; the old one works a while longer. Never tried again by itself. */
  async rotateApiKey(user_id: number, api_key_id: string, options?: CallOptions): Promise<ApiKeyMade> {
    return this.#call('post', '/user/{user_id}/api_key/{api_key_id}/rotate/', { user_id, api_key_id }, options)
  }

  /** Revokes a key. Where an answer was lost and the call tried again, a key that is revoked now is a 404. */
  async revokeApiKey(user_id: number, api_key_id: string, options?: CallOptions): Promise<undefined> {
    return this.#call('delete', '/user/{user_id}/api_key/{api_key_id}/', { user_id, api_key_id }, options)
  }
}

/** Where the next page starts. Only the number is taken from the link: its host may be one inside the server's network. */
function offsetOf(next: string | null, current: number): number | undefined {
  if (next === null) return undefined
  const offset = Number(/[?&]offset=(\d{1,16})(?:&|$)/.exec(next)?.[1])
  // One that does not move forward would never end.
  if (offset > current) return offset
  throw new RosterError('The next page does not come after this one.', { status: 200, code: 'invalid_answer' })
}
