import type { FastifyReply } from 'fastify'
import { networkOf } from '../auth/network.js'
import type { Config } from '../config.js'
import { Problem } from '../errors.js'
import type { Rate } from '../settings.js'

/** Clients that a limit counts at most. Of more, the half that came first is forgotten. */
const MOST_CLIENTS = 100_000

/** How a client stands with a limit once a request of it was counted. */
export interface Standing {
  /** Whether the request is one too many. */
  readonly isOver: boolean
  /** Requests that are left in this window. */
  readonly remaining: number
  /** Whole seconds until the window ends, rounded up. */
  readonly reset: number
}

interface Window {
  used: number
  /** When it ends, by the clock of the counter. */
  readonly end: number
}

/** Counts a request of a client. */
export type Counter = (client: string) => Standing

/**
 * Counts requests in windows that begin with a client's first request. The counts are this process's own.
 *
 * `rate-limiter-flexible` keeps a timer for each client and bounds none; `@fastify/rate-limit` sends the header fields of an
 * older draft.
 *
 * @param now the time in milliseconds, from any origin
 * @param most clients that are counted
 */
export function makeCounter({ requests, seconds }: Rate, now: () => number, most = MOST_CLIENTS): Counter {
  // Two generations, the older one dropped as a whole: a Map whose first entries are deleted again and again gets slow.
  let young = new Map<string, Window>()
  let old = new Map<string, Window>()
  let since = now()

  const begin = (client: string, time: number): Window => {
    if (young.size >= most / 2 || time - since >= seconds * 1000) {
      old = young
      young = new Map()
      since = time
    }
    const window = { used: 0, end: time + seconds * 1000 }
    young.set(client, window)
    return window
  }
  return (client) => {
    const time = now()
    const known = young.get(client) ?? old.get(client)
    const window = known !== undefined && known.end > time ? known : begin(client, time)
    const isOver = window.used >= requests
    if (!isOver) window.used++
    return { isOver, remaining: requests - window.used, reset: Math.ceil(Math.round(window.end - time) / 1000) }
  }
}

/** The limits of a server. Each counts a request, tells how its client stands, and refuses it with 429 when it is over. */
export interface RateLimits {
  /** Counts a request of an address, before its key is looked up. */
  readonly ofAddress: (address: string, reply: FastifyReply) => void
  /** Counts a request of a key that is valid, by its display prefix. */
  readonly ofKey: (key_prefix: string, reply: FastifyReply) => void
}

const ignore = (): void => undefined

/**
 * Makes the limits that are set; undefined where none is. What is told is the `RateLimit-Policy` and `RateLimit` of
 * draft-ietf-httpapi-ratelimit-headers-10.
 */
export function makeRateLimits({ ratePerAddress, ratePerKey }: Pick<Config, 'ratePerAddress' | 'ratePerKey'>): RateLimits | undefined {
  if (ratePerAddress === undefined && ratePerKey === undefined) return undefined
  const policy = (name: string, rate: Rate | undefined): string[] =>
    rate === undefined ? [] : [`"${name}";q=${String(rate.requests)};w=${String(rate.seconds)}`]
  const policies = [...policy('address', ratePerAddress), ...policy('key', ratePerKey)].join(', ')

  const limit = (name: string, rate: Rate) => {
    const count = makeCounter(rate, () => performance.now())
    const fault = `${name}: has at most ${String(rate.requests)} requests in ${String(rate.seconds)} seconds`
    return (client: string, reply: FastifyReply): void => {
      const { isOver, remaining, reset } = count(client)
      const item = `"${name}";r=${String(remaining)};t=${String(reset)}`
      const before = reply.getHeader('RateLimit')
      void reply.header('RateLimit-Policy', policies)
      void reply.header('RateLimit', before === undefined ? item : `${String(before)}, ${item}`)
      if (isOver) throw new Problem('rate_limited', [fault], { 'Retry-After': String(reset) })
    }
  }
  const ofNetwork = ratePerAddress && limit('address', ratePerAddress)
  return {
    ofAddress: ofNetwork ? (address, reply) => ofNetwork(networkOf(address), reply) : ignore,
    ofKey: ratePerKey ? limit('key', ratePerKey) : ignore,
  }
}
