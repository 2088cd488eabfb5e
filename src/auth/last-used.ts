import type { Kysely } from 'kysely'
import { writeUses } from '../db/keys.js'
import type { Database } from '../db/schema.js'

/** Keys that wait to be written at a time; of more than these the use is not kept. */
const MOST_WAITING = 10_000

/** Keys in one statement. */
const BATCH = 1000

/** Remembers which keys were used, off the way of requests. What a crash loses is when keys were last used, nothing else. */
export interface LastUsed {
  /** Notes that a key is used now. */
  readonly note: (enterprise_id: number, id: string) => void
  /** Writes what is noted. It never fails: what can't be written is tried again with the next. */
  readonly flush: () => Promise<void>
}

/** A use of a key. */
interface Use {
  readonly enterprise_id: number
  readonly id: string
  /** `performance.now()` at the use: a monotonic clock, since a server's wall clock may be wrong. */
  readonly at: number
}

/**
 * Makes the memory of a process. Of each key the first use since the last writing is kept, one entry a key.
 *
 * @param onError told of the first failure to write after a success
 */
export function makeLastUsed(db: Kysely<Database>, onError: (error: unknown) => void): LastUsed {
  let waiting = new Map<string, Use>()
  let isFailing = false

  async function write(uses: readonly Use[]): Promise<void> {
    for (let first = 0; first < uses.length; first += BATCH) {
      const batch = uses.slice(first, first + BATCH)
      await writeUses(db, batch.map(({ enterprise_id, id, at }) => ({ enterprise_id, id, agoMs: performance.now() - at })))
    }
  }

  return {
    note(enterprise_id, id) {
      if (waiting.has(id) || waiting.size >= MOST_WAITING) return
      waiting.set(id, { enterprise_id, id, at: performance.now() })
    },

    async flush() {
      const noted = waiting
      if (noted.size === 0) return
      waiting = new Map()
      // In one order, so that two servers that write the same keys rather wait than deadlock.
      const uses = [...noted.values()].sort((a, b) => (a.id < b.id ? -1 : 1))
      try {
        await write(uses)
        isFailing = false
      } catch (error) {
        for (const use of uses) if (waiting.size < MOST_WAITING) waiting.set(use.id, use)
        if (!isFailing) onError(error)
        isFailing = true
      }
    },
  }
}
