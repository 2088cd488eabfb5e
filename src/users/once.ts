import { createHmac, hash, timingSafeEqual } from 'node:crypto'
import type { Kysely, Transaction } from 'kysely'
import type { Caller } from '../auth/authenticate.js'
import type { Config } from '../config.js'
import { keptAnswersOf, keptAnswerWritesOf, pruneKeptAnswers } from '../db/idempotency.js'
import type { Database } from '../db/schema.js'
import { Problem } from '../errors.js'
import type { Shown, User } from './user.js'

/** A request that was sent with an idempotency key. */
export interface KeyedRequest {
  readonly operation: string
  /** The client's `Idempotency-Key`, taken out of its quotes. Never logged. */
  readonly key: string
  readonly body: unknown
}

/** What a write does to be done once under its key. */
export interface Once {
  /**
   * Holds the key until the transaction ends. To be done before anything that waits.
   *
   * @throws {Problem} `idempotency_conflict` when another request with the key is under way
   */
  readonly hold: (trx: Transaction<Database>) => Promise<void>
  /**
   * The answer that was kept, if there is one.
   *
   * @throws {Problem} `idempotency_mismatch` when it answered another body, or one that came with another API key
   */
  readonly first: (db: Kysely<Database>) => Promise<Shown | undefined>
  /** Keeps the answer, in the transaction of the write that it tells of. */
  readonly keep: (trx: Transaction<Database>, status: 201, shown: Shown) => Promise<void>
}

/** What keeping answers needs. */
export interface OnceDeps {
  readonly db: Kysely<Database>
  readonly config: Pick<Config, 'idempotencyHours'>
}

/** Does a write at most once, and answers what it answered then: see `makeOnce`. */
export type DoOnce = (caller: Caller, request: KeyedRequest, write: (once: Once) => Promise<Shown>) => Promise<Shown>

/** JSON in which the order of fields does not show. */
function canonical(body: unknown): string {
  return JSON.stringify(body, (_name, value: unknown) =>
    typeof value === 'object' && value !== null && !Array.isArray(value)
      ? Object.fromEntries(Object.entries(value).sort(([a], [b]) => (a < b ? -1 : 1)))
      : value,
  )
}

const underWayAlready = (): Problem =>
  new Problem('idempotency_conflict', ['Idempotency-Key: a request with it is under way'])

function onceOf({ enterprise, user, key: api_key }: Caller, { operation, key, body }: KeyedRequest, hours: number) {
  const id = { user_id: user.id, operation, key_hash: hash('sha256', key, 'buffer') }
  // Bodies hold passwords. Keyed with what the database does not have, the digest is of no use to a thief who guesses at them.
  const body_hmac = createHmac('sha256', api_key).update(canonical(body)).digest()
  const scope = `${String(enterprise.id)} ${String(user.id)} ${operation} ${id.key_hash.toString('hex')}`
  const lock = hash('sha256', scope, 'buffer').readBigInt64BE()
  const once: Once = {
    async hold(trx) {
      if (!(await keptAnswerWritesOf(trx, enterprise.id).hold(lock))) throw underWayAlready()
    },
    async first(db) {
      const kept = await keptAnswersOf(db, enterprise.id).find(id, hours)
      if (kept === undefined) return undefined
      if (!timingSafeEqual(kept.body_hmac, body_hmac)) {
        throw new Problem('idempotency_mismatch', ['Idempotency-Key: was sent with another body or another API key'])
      }
      return { user: kept.body as User, etag: kept.etag, replayed: true }
    },
    async keep(trx, status, { user: made, etag }) {
      await keptAnswerWritesOf(trx, enterprise.id).keep({ ...id, body_hmac, status, body: JSON.stringify(made), etag, target_id: made.id })
    },
  }
  return { lock, once }
}

/**
 * Makes what does writes once, as draft-ietf-httpapi-idempotency-key-header has it: a request with the key and the body of
 * an earlier one gets the answer of that one, for so many hours. Keys are the caller's own, for each operation. Whoever asks
 * again has been authenticated again, and may still call the operation: the guard saw to that. Only successes are kept, so a
 * key whose request failed is free.
 */
export function makeOnce({ db, config: { idempotencyHours: hours } }: OnceDeps): DoOnce {
  // Of this process: a request that comes meanwhile takes no connection and hashes no password.
  const underWay = new Set<bigint>()
  return async (caller, request, write) => {
    const { lock, once } = onceOf(caller, request, hours)
    const first = await once.first(db)
    if (first !== undefined) return first
    if (underWay.has(lock)) throw underWayAlready()
    underWay.add(lock)
    try {
      // Not in the transaction: there all writes of the enterprise would wait for it.
      await pruneKeptAnswers(db, caller.enterprise.id, hours)
      return await write(once)
    } finally {
      underWay.delete(lock)
    }
  }
}
