import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify'
import type { Config } from '../config.js'
import { overloaded, type Waiter } from '../overload.js'
import { InFlight, type Placed } from './in-flight.js'
import { sendProblem } from './problems.js'

declare module 'fastify' {
  interface FastifyRequest {
    /** The request's bounds of time; set before the guard of an operation. */
    exchange: Exchange
  }
  interface FastifyInstance {
    /** The requests that are not answered yet. */
    inFlight: { readonly size: number }
  }
}

/** The settings that bound requests. */
export type Bounds = Pick<Config, 'connections' | 'requests' | 'deadlineMs' | 'answerMs'>

/** How often the requests in flight are looked at: so many times in the shortest of their bounds, but once a second at least. */
const LOOKS = 20
const LONGEST_LOOK_MS = 1000

/** One request in flight. It is bounded by one look at all of them now and then, for a timer each would cost more. */
export class Exchange implements Waiter, Placed {
  place = -1
  #leftMs: number
  #until = Infinity
  #isLate = false
  #answeredAt: number | undefined

  constructor(
    readonly request: FastifyRequest,
    readonly reply: FastifyReply,
    { deadlineMs }: Bounds,
  ) {
    this.#leftMs = deadlineMs
  }

  get hasLeft(): boolean {
    return this.#isLate || this.request.raw.socket.destroyed
  }

  /** From here on the time is ours: it counts. */
  begin(): void {
    this.#until = performance.now() + this.#leftMs
  }

  /** From here on it is the client's, or all is done. */
  rest(): void {
    this.#leftMs = this.#until - performance.now()
    this.#until = Infinity
  }

  /** Answers 503 when the deadline has passed, and cuts off who does not take the answer. Returns whether it is over. */
  look(now: number, { answerMs }: Bounds): boolean {
    const { request, reply } = this
    if (request.raw.socket.destroyed) return this.#until === Infinity
    if (reply.raw.writableEnded) {
      this.#answeredAt ??= now
      if (now - this.#answeredAt > answerMs) request.raw.socket.destroy()
    } else if (now > this.#until) {
      this.#isLate = true
      sendProblem(overloaded('deadline'), request, reply)
    }
    return false
  }
}

/**
 * Bounds connections and requests in flight, the time of a request from when it was read until it is answered, and the time
 * a client takes to read the answer. What is too much is 503 at once; connections that are too many are closed.
 */
export function boundRequests(app: FastifyInstance, bounds: Bounds): void {
  const { connections, requests, deadlineMs, answerMs } = bounds
  const inFlight = new InFlight<Exchange>()
  app.server.maxConnections = connections
  app.decorate('inFlight', inFlight)
  app.decorateRequest('exchange')
  app.addHook('onRequest', (request, reply, done) => {
    if (inFlight.size >= requests) {
      done(overloaded('requests'))
      return
    }
    request.exchange = new Exchange(request, reply, bounds)
    inFlight.add(request.exchange)
    done()
  })
  app.addHook('onResponse', ({ exchange }, _reply, done) => {
    // A request that came too many has none.
    if ((exchange as Exchange | undefined) !== undefined) inFlight.delete(exchange)
    done()
  })
  const looking = setInterval(() => {
    const now = performance.now()
    inFlight.sweep((exchange) => exchange.look(now, bounds))
  }, Math.min(LONGEST_LOOK_MS, deadlineMs / LOOKS, answerMs / LOOKS)).unref()
  app.addHook('onClose', (_app, done) => {
    clearInterval(looking)
    done()
  })
}
