import { AsyncResource } from 'node:async_hooks'
import { setImmediate as turn } from 'node:timers/promises'
import { overloaded, type Waiter } from '../overload.js'
import { isDataFault } from './failures.js'

/** Statements under way at a time, at most. Another one is sent beside them only once more wait than so many statements take. */
const IN_FLIGHT = 4

/** Questions that are worth a statement of their own: it costs both sides as much as so many rows. */
const WORTH_ONE = 4

/** Questions in one statement: what a slow database leaves waiting must not become one that is slower still. */
const BATCH = 256

/** Questions that may wait, unless told otherwise. */
const QUEUE = 1000

/** A question to the database. */
export interface Question {
  /** Who asks: once they have left they are not answered any more. */
  readonly waiter?: Waiter | undefined
}

interface Waiting<Asked, Found> {
  readonly asked: Asked
  /** What was about where it was asked, such as a span. */
  readonly scope: AsyncResource | undefined
  readonly done: (found: Found) => void
  readonly failed: (error: unknown) => void
}

function hasLeft({ asked }: { readonly asked: Question }): boolean {
  return asked.waiter?.hasLeft === true
}

/**
 * Makes few statements of the questions of one moment: one has half of them, but four at least. Nothing is kept, so each sees
 * what was acknowledged before it was asked.
 *
 * @param ask takes all of a batch, and finds in its order
 * @param queue how many may wait; what comes beyond is refused
 * @param isTraced whether `ask` is called in the asynchronous scope of the first of a batch; it costs every question something
 * @returns what asks for one. It throws a `Problem` `unavailable` when too many wait already, or nobody waits any more, and
 *   what `ask` throws, but for a fault in a neighbour's value
 */
export function inBatches<Asked extends Question, Found>(
  ask: (batch: readonly Asked[]) => Promise<Found[]>,
  queue = QUEUE,
  isTraced = false,
): (asked: Asked) => Promise<Found> {
  type One = Waiting<Asked, Found>
  let waiting: One[] = []
  let inFlight = 0
  /** Those whose statement is answered, and who are still to be told. */
  let answering = 0
  let isDue = false
  let seen = 0
  let usual = 1

  /** While answers are made few are not worth a statement: more may come by the time that the next can be sent. */
  function isWorthSending(): boolean {
    const most = inFlight === 0 && answering > 0 ? WORTH_ONE - 1 : inFlight * BATCH
    return waiting.length > most && inFlight < IN_FLIGHT
  }

  /**
   * Those that waited longest, and still wait: half of all that seem to be about, so that the database has the one half while
   * the process makes the answers of the other.
   */
  function nextBatch(): One[] {
    const batch: One[] = []
    const most = Math.min(BATCH, Math.max(WORTH_ONE, Math.ceil((waiting.length + answering) / 2)))
    let at = 0
    for (; at < waiting.length && batch.length < most; at++) {
      const one = waiting[at] as One
      if (hasLeft(one)) one.failed(overloaded('left'))
      else batch.push(one)
    }
    waiting = waiting.slice(at)
    return batch
  }

  /** Drops those that left, which matters only where the database is slow. */
  function hasRoom(): boolean {
    if (waiting.length < queue) return true
    const left = waiting.filter(hasLeft)
    waiting = waiting.filter((one) => !hasLeft(one))
    for (const { failed } of left) failed(overloaded('left'))
    return waiting.length < queue
  }

  /** Asks for a batch. Returns what tells each who waits for it. */
  async function outcomeOf(batch: readonly One[]): Promise<(() => void)[]> {
    try {
      const asking = () => ask(batch.map(({ asked }) => asked))
      const found = await (batch[0]?.scope?.runInAsyncScope(asking) ?? asking())
      return batch.map(({ done }, at) => () => done(found[at] as Found))
    } catch (error) {
      // None fails for a neighbour's value: the halves without it can be answered, and so its half is halved again.
      if (batch.length > 1 && isDataFault(error)) {
        const half = Math.ceil(batch.length / 2)
        return [...(await outcomeOf(batch.slice(0, half))), ...(await outcomeOf(batch.slice(half)))]
      }
      return batch.map(({ failed }) => () => failed(error))
    }
  }

  /**
   * Has the answers made, in two steps where they are many. Before each, what came meanwhile is sent, or the database would have
   * nothing to do.
   */
  async function answer(batch: readonly One[]): Promise<void> {
    const tells = await outcomeOf(batch)
    // Requests that are here but not read yet come first.
    if (batch.length > 1 && waiting.length < WORTH_ONE) await turn()
    inFlight--
    answering += tells.length
    const step = Math.max(WORTH_ONE, Math.ceil(tells.length / 2))
    for (let at = 0; at < tells.length; at += step) {
      if (at > 0) await turn()
      if (isWorthSending()) {
        sendAll()
        // On its way before the answers are made, which takes longer than all else.
        await turn()
      }
      const some = tells.slice(at, at + step)
      answering -= some.length
      for (const tell of some) tell()
    }
    sendSoon()
  }

  function sendAll(): void {
    while (isWorthSending()) {
      const batch = nextBatch()
      if (batch.length === 0) continue
      usual = batch.length
      inFlight++
      void answer(batch)
    }
  }

  function send(): void {
    const isGrowing = waiting.length > seen && waiting.length < usual
    seen = waiting.length
    if (isGrowing) {
      // As many as last time may be about to come: one turn more for them, as long as each brings some.
      setImmediate(send)
      return
    }
    isDue = false
    seen = 0
    sendAll()
  }

  /** Once all requests that came in the same turn of the event loop are here. */
  function sendSoon(): void {
    if (isDue || !isWorthSending()) return
    isDue = true
    setImmediate(send)
  }

  return (asked) =>
    new Promise((done, failed) => {
      if (!hasRoom()) {
        failed(overloaded('lookups'))
        return
      }
      waiting.push({ asked, scope: isTraced ? new AsyncResource('QUESTION') : undefined, done, failed })
      sendSoon()
    })
}
