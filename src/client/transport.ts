import { errorOfAnswer, invalidAnswer, networkError, timeoutError } from './errors.js'
import { delayMs, isPassing, type RetryOptions, retryAfterMs, type RetrySettings, startTimer, wait } from './retry.js'

/** What every method of the client takes as its last argument. */
export interface CallOptions extends RetryOptions {
  /** Aborts the call, its waits between tries included. `AbortSignal.timeout(ms)` limits the call as a whole. */
  signal?: AbortSignal | undefined
  /** How long one try may take, its answer's body included, in milliseconds. Default 30,000. */
  timeoutMs?: number | undefined
}

/** The call options of `createUser`. */
export interface CreateOptions extends CallOptions {
  /**
   * The `Idempotency-Key`: 1 to 255 visible ASCII characters. By default each call makes one of its own; give one to go on
   * with a call of another process, as one that was killed. The same one for another user fails with 422.
   */
  idempotencyKey?: string | undefined
}

/** The call options of what changes or deletes one user. */
export interface WriteOptions extends CallOptions {
  /**
   * Only if the user is as it was seen: a user as this client was answered, or an entity tag (`etagOf`). The call fails with
   * 412 where somebody has changed it since.
   */
  ifMatch?: object | string | undefined
}

/** What a client is made of. The call options are those of every call that does not bring its own. */
export interface ClientOptions extends Omit<CallOptions, 'signal'> {
  /** Where the API is, as `https://roster.example/api`; in a browser also relative, as `/api`. */
  baseUrl: string
  /** The key of the caller, as `rst_…`. It is sent to `baseUrl` alone. Only `login` works without one. */
  key?: string | undefined
  /** Used instead of the global `fetch`, for example to go through a proxy. */
  fetch?: typeof fetch | undefined
}

/** A request, as the client makes it. */
export interface Outgoing {
  method: string
  path: string
  query?: object | undefined
  headers?: object | undefined
  body?: object
}

/** Sends a request and resolves with the body of its answer: undefined for 204. */
export type Send = (outgoing: Outgoing, options?: CallOptions) => Promise<unknown>

// Sent twice, these do no more than sent once. A PATCH, or a POST without a key, whose answer was lost may have been done.
const IDEMPOTENT = new Set(['GET', 'PUT', 'DELETE'])

/** The tags of the answers that are still held by somebody. */
const etags = new WeakMap<object, string>()

/**
 * The entity tag of a user as it was answered by `getUser`, `createUser`, `updateUser` or `partialUpdateUser`; undefined for a
 * copy, and for what another method answered.
 */
export function etagOf(user: object): string | undefined {
  return etags.get(user)
}

/** The header that asks for a state. Throws a TypeError for an object whose tag is not known: it must not go unasked. */
export function ifMatchOf(seen: object | string | undefined): { 'if-match': string | undefined } {
  const etag = typeof seen === 'object' ? etagOf(seen) : seen
  if (seen !== undefined && etag === undefined) throw new TypeError('ifMatch: must be a user as it was answered, or its tag')
  return { 'if-match': etag }
}

/** The header that makes a request one that can be sent again, with a key of its own where none is given. */
export function idempotencyKeyOf(key = newKey()): { 'idempotency-key': string } {
  return { 'idempotency-key': `"${key.replaceAll(/["\\]/g, '\\$&')}"` }
}

// Not randomUUID, which browsers keep from pages that came over plain http.
function newKey(): string {
  return Array.from(crypto.getRandomValues(new Uint8Array(16)), (byte) => byte.toString(16).padStart(2, '0')).join('')
}

const DEFAULTS = { tries: 4, backoffMs: 250, maxBackoffMs: 10_000, maxRetryAfterMs: 60_000, timeoutMs: 30_000 }

type Settings = RetrySettings & { timeoutMs: number }

function given(options: object): Partial<Settings> {
  return Object.fromEntries(Object.entries(options).filter(([name, value]) => name in DEFAULTS && value !== undefined))
}

/** The base URL without its last slash. No error repeats it: it may hold a password. */
function baseOf(baseUrl: string): string {
  // Only browsers and workers have a location.
  const page = (globalThis as { location?: { href?: string } }).location?.href
  let url: URL
  try {
    url = new URL(baseUrl, page)
  } catch {
    throw new TypeError('baseUrl: must be a URL, as https://roster.example/api')
  }
  const { protocol, username, password, search, hash, origin, pathname } = url
  if (!/^https?:$/.test(protocol) || `${username}${password}${search}${hash}` !== '') {
    throw new TypeError('baseUrl: must be http or https, without a user, a query or a fragment')
  }
  return origin + pathname.replace(/\/$/, '')
}

/** The fields of an object that are there, as texts. */
function texts(fields: object = {}): [string, string][] {
  return Object.entries(fields).flatMap(([name, value]) => (value === undefined ? [] : [[name, String(value)]]))
}

/** The JSON object of an answer; undefined when it has none. */
async function bodyOf(answer: Response): Promise<object | undefined> {
  const text = await answer.text()
  try {
    const body: unknown = JSON.parse(text)
    return typeof body === 'object' && body !== null ? body : undefined
  } catch {
    // The parser's own error quotes the text.
    return undefined
  }
}

/** What sends the requests of a client. The key is in this closure alone, so that no inspection of the client shows it. */
export function makeSend({ baseUrl, key, fetch: fetcher, ...defaults }: ClientOptions): Send {
  const base = baseOf(baseUrl)
  // fetch's own error for such a header quotes it.
  if (key !== undefined && !/^[\x21-\x7e]+$/.test(key)) throw new TypeError('key: must be visible ASCII characters, without white space')

  /** What fetch takes. Made before the first try, so that a value which can't be sent is no fault of the network. */
  function requestOf({ method, path, query, headers, body }: Outgoing): [string, RequestInit] {
    const search = new URLSearchParams(texts(query)).toString()
    const init = {
      method,
      headers: new Headers([
        ['accept', 'application/json'],
        ...texts({ authorization: key && `Bearer ${key}` }),
        ...texts(headers),
        ...texts({ 'content-type': body && 'application/json' }),
      ]),
      // Roster redirects nobody. A redirect that is followed may turn a POST into a GET.
      redirect: 'manual' as const,
    }
    const url = `${base}${path}${search === '' ? '' : `?${search}`}`
    return [url, body === undefined ? init : { ...init, body: JSON.stringify(body) }]
  }

  async function sendOnce(url: string, init: RequestInit) {
    const answer = await (fetcher ?? fetch)(url, init)
    return { answer, body: await bodyOf(answer) }
  }

  /** One try, within its time. */
  async function sendInTime([url, init]: [string, RequestInit], timeoutMs: number, signal: AbortSignal | undefined) {
    signal?.throwIfAborted()
    const controller = new AbortController()
    const abort = (): void => controller.abort()
    const timer = startTimer(abort, timeoutMs)
    // Not AbortSignal.any: in several releases of Node a signal made by it is collected before it fires.
    signal?.addEventListener('abort', abort, { once: true })
    const failed = (fault: unknown): never => {
      signal?.throwIfAborted()
      throw controller.signal.aborted ? timeoutError(timeoutMs) : networkError(fault)
    }
    try {
      return await sendOnce(url, { ...init, signal: controller.signal }).catch(failed)
    } finally {
      clearTimeout(timer)
      signal?.removeEventListener('abort', abort)
    }
  }

  return async (outgoing, { signal, ...options } = {}) => {
    const settings: Settings = { ...DEFAULTS, ...given(defaults), ...given(options) }
    const request = requestOf(outgoing)
    const tries = IDEMPOTENT.has(outgoing.method) || new Headers(request[1].headers).has('idempotency-key') ? settings.tries : 1
    const attempt = async (tried: number): Promise<unknown> => {
      let asked = 0
      try {
        const { answer, body } = await sendInTime(request, settings.timeoutMs, signal)
        asked = retryAfterMs(answer.headers)
        if (!answer.ok) throw errorOfAnswer(answer, body)
        if (body === undefined && answer.status !== 204) throw invalidAnswer(answer)
        const etag = answer.headers.get('etag')
        if (body !== undefined && etag !== null) etags.set(body, etag)
        return body
      } catch (fault) {
        if (tried >= tries || !isPassing(fault) || asked > settings.maxRetryAfterMs) throw fault
      }
      await wait(delayMs(tried, asked, settings), signal)
      return attempt(tried + 1)
    }
    return attempt(1)
  }
}
