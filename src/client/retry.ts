import { RosterError } from './errors.js'

/** How often, and when, a call is tried again. */
export interface RetryOptions {
  /** Tries of one call, the first included. Default 4; 1 for none again. */
  tries?: number | undefined
  /** The most that is waited after the first try, in milliseconds; twice as much after each further one. Default 250. */
  backoffMs?: number | undefined
  /** The most that is waited for without the server's asking, in milliseconds. Default 10,000. */
  maxBackoffMs?: number | undefined
  /**
   * The longest `Retry-After` that is waited for, in milliseconds; the call fails at once on a longer one, as coming back
   * earlier than asked helps nobody. Default 60,000.
   */
  maxRetryAfterMs?: number | undefined
}

/** `RetryOptions` with their defaults. */
export type RetrySettings = { [Name in keyof RetryOptions]-?: number }

/** What a timer takes: a longer time would end at once. */
const LONGEST_TIMER = 2 ** 31 - 1

/** Starts a timer, also for a time longer than timers take, as Infinity. */
export function startTimer(run: () => void, ms: number): ReturnType<typeof setTimeout> {
  return setTimeout(run, Math.min(ms, LONGEST_TIMER))
}

/**
 * How long an answer asks to wait, in milliseconds: `Retry-After` in seconds or as an HTTP date; 0 without the header. A date is
 * compared with the answer's own `Date`, since the clock of the client may be wrong.
 */
export function retryAfterMs(headers: Headers): number {
  const asked = headers.get('retry-after') ?? ''
  const ms = /^\d+$/.test(asked) ? Number(asked) * 1000 : Date.parse(asked) - (Date.parse(String(headers.get('date'))) || Date.now())
  return Number.isNaN(ms) ? 0 : Math.max(0, ms)
}

/**
 * How long to wait after the given try (1 is the first): what the server asks for, and on top any time up to the backoff
 * ("full jitter"), so that clients which failed together do not come back together.
 */
export function delayMs(tried: number, askedMs: number, { backoffMs, maxBackoffMs }: RetrySettings): number {
  return askedMs + Math.random() * Math.min(maxBackoffMs, backoffMs * 2 ** (tried - 1))
}

/** Whether a fault is one that passes: the server is busy (429, 503), also with an earlier try of this call, or no answer came. */
export function isPassing(fault: unknown): fault is RosterError {
  if (!(fault instanceof RosterError)) return false
  if (fault.status === 429 || fault.status === 503) return true
  return fault.code === 'network_error' || fault.code === 'timeout' || fault.code === 'idempotency_conflict'
}

/** Waits; an abort ends it at once, with the reason of the signal. */
export async function wait(ms: number, signal: AbortSignal | undefined): Promise<void> {
  signal?.throwIfAborted()
  return new Promise((done, failed) => {
    const stop = (): void => {
      clearTimeout(timer)
      failed(signal?.reason as Error)
    }
    const timer = startTimer(() => {
      signal?.removeEventListener('abort', stop)
      done()
    }, ms)
    signal?.addEventListener('abort', stop, { once: true })
  })
}
