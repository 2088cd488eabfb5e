import { randomInt } from 'node:crypto'
import pLimit from 'p-limit'
import { Problem } from './errors.js'

/** Somebody who waits for an answer. What is not begun when they have left is not begun any more. */
export interface Waiter {
  /** The connection is closed, or the answer was 503 because the deadline had passed. */
  readonly hasLeft: boolean
}

/**
 * How often this process has refused or dropped work since its start. The bounds are of requests in flight, of look-ups, of
 * statements and writes that wait for a connection, of hashes, and of sign-ins that wait for room. `deadline` counts requests
 * that took too long, `left` work whose client had gone.
 */
export const shed = { requests: 0, lookups: 0, database: 0, writes: 0, hashes: 0, sign_ins: 0, deadline: 0, left: 0 }

/** Why work was refused or dropped. */
export type Shed = keyof typeof shed

/** Seconds after which clients that were refused come back, at most: they are spread, so that they do not all come at once. */
const LATEST_RETRY = 3

/** Counts a refusal and makes it: `unavailable`, with a `Retry-After` of a few seconds. */
export function overloaded(why: Shed): Problem {
  shed[why]++
  return new Problem('unavailable', undefined, { 'Retry-After': String(randomInt(1, LATEST_RETRY + 1)) })
}

/** @throws {Problem} `unavailable`, which nobody reads, when the waiter has left */
export function requireWaiting(waiter: Waiter | undefined): void {
  if (waiter?.hasLeft === true) throw overloaded('left')
}

/** How much of a queue runs, and how much waits. */
export interface Load {
  readonly running: number
  readonly waiting: number
}

/** Runs work when its turn comes. @throws {Problem} `unavailable`, at once when too much waits, or when the waiter has left */
export interface BoundedQueue {
  <T>(work: () => Promise<T>, waiter?: Waiter): Promise<T>
  readonly load: () => Load
}

/**
 * Makes a queue that is bounded in number.
 *
 * @param running how much runs at a time
 * @param waiting how much may wait; what comes beyond is refused
 * @param why as what a refusal is counted
 */
export function boundedQueue(running: number, waiting: number, why: Shed): BoundedQueue {
  const limit = pLimit(running)
  const queue = async <T>(work: () => Promise<T>, waiter?: Waiter): Promise<T> => {
    if (limit.activeCount + limit.pendingCount - running >= waiting) throw overloaded(why)
    return limit(() => {
      requireWaiting(waiter)
      return work()
    })
  }
  return Object.assign(queue, { load: () => ({ running: limit.activeCount, waiting: limit.pendingCount }) })
}
