import { setTimeout as delay } from 'node:timers/promises'
import type { Kysely } from 'kysely'
import pLimit, { type LimitFunction } from 'p-limit'
import type { Config } from '../config.js'
import type { Database } from '../db/schema.js'
import { beginTry, type NoRoom, type Try } from '../db/sign-ins.js'
import { overloaded, requireWaiting, type Waiter } from '../overload.js'

/** The first and the longest pause before a waiting try looks for room again, in milliseconds. Pauses double. */
const FIRST_LOOK_MS = 20
const LAST_LOOK_MS = 200

/**
 * Begins a try as soon as there is room for it. Returns the count that failures fill, if there is one.
 *
 * @throws {Problem} `unavailable` when too many tries wait, or the client has gone
 */
export type Turns = (wanted: Try, waiter: Waiter) => Promise<NoRoom | undefined>

const isFilledByFailures = ({ seconds }: NoRoom): boolean => seconds !== undefined

/**
 * Makes the turns of a process. A try waits while others in progress fill the room, since most of them soon free it. Of the
 * tries that wait for the same room, only the first polls the database; the others queue behind it.
 */
export function makeTurns(db: Kysely<Database>, { hashQueue }: Pick<Config, 'hashQueue'>): Turns {
  const queues = new Map<string, { readonly run: LimitFunction; length: number }>()
  let waiting = 0

  async function look(wanted: Try, waiter: Waiter): Promise<NoRoom | undefined> {
    requireWaiting(waiter)
    let why = await beginTry(db, wanted)
    for (let ms = FIRST_LOOK_MS; why !== undefined && !isFilledByFailures(why); ms = Math.min(2 * ms, LAST_LOOK_MS)) {
      await delay(ms)
      requireWaiting(waiter)
      why = await beginTry(db, wanted)
    }
    return why
  }

  async function wait(place: string, wanted: Try, waiter: Waiter): Promise<NoRoom | undefined> {
    if (waiting >= hashQueue) throw overloaded('sign_ins')
    const queue = queues.get(place) ?? { run: pLimit(1), length: 0 }
    queues.set(place, queue)
    waiting++
    queue.length++
    try {
      return await queue.run(() => look(wanted, waiter))
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
