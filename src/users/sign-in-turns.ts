import { setTimeout as delay } from 'node:timers/promises'
import type { Kysely } from 'kysely'
import pLimit, { type LimitFunction } from 'p-limit'
import type { Config } from '../config.js'
import type { Database } from '../db/schema.js'
import { beginTry, type NoRoom, type Try } from '../db/sign-ins.js'
import { overloaded, requireWaiting, type Waiter } from '../overload.js'

/** How long it takes until a try that waits looks for room again, in milliseconds: more each time, up to the latter. */
const FIRST_LOOK_MS = 20
const LAST_LOOK_MS = 200

/**
 * Begins a try as soon as there is room for it, or tells which failures fill the room.
 *
 * @throws {Problem} `unavailable` where too many wait already, or nobody does
 */
export type Turns = (wanted: Try, waiter: Waiter) => Promise<NoRoom | undefined>

const isFilledByFailures = (why: NoRoom): boolean => why.seconds !== undefined

/**
 * Makes the turns of a process. Room that tries under way have may be there again in a moment, so a try that finds none waits.
 * Of those that wait for the same room one alone asks the database, and what comes later waits behind it.
 */
export function makeTurns(db: Kysely<Database>, { hashQueue }: Pick<Config, 'hashQueue'>): Turns {
  const queues = new Map<string, { readonly one: LimitFunction; length: number }>()
  let waiting = 0

  async function look(wanted: Try, waiter: Waiter): Promise<NoRoom | undefined> {
    for (let ms = FIRST_LOOK_MS; ; ms = Math.min(2 * ms, LAST_LOOK_MS)) {
      requireWaiting(waiter)
      const why = await beginTry(db, wanted)
      if (why === undefined || isFilledByFailures(why)) return why
      await delay(ms)
    }
  }

  async function wait(place: string, wanted: Try, waiter: Waiter): Promise<NoRoom | undefined> {
    if (waiting >= hashQueue) throw overloaded('sign_ins')
    const queue = queues.get(place) ?? { one: pLimit(1), length: 0 }
    queues.set(place, queue)
    waiting++
    queue.length++
    try {
      return await queue.one(() => look(wanted, waiter))
    } finally {
      waiting--
      queue.length--
      if (queue.length === 0) queues.delete(place)
    }
  }

  return async (wanted, waiter) => {
    const places = { account: `${wanted.network} ${wanted.account}`, network: wanted.network }
    const busy = [places.account, ...(wanted.most.network === undefined ? [] : [places.network])].find((place) => queues.has(place))
    if (busy !== undefined) return wait(busy, wanted, waiter)
    const why = await beginTry(db, wanted)
    return why === undefined || isFilledByFailures(why) ? why : wait(places[why.of], wanted, waiter)
  }
}
