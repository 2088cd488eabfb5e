import { once } from 'node:events'
import { connect as connectSocket, type AddressInfo, type Socket } from 'node:net'
import type { FastifyInstance, LightMyRequestResponse } from 'fastify'
import { type Kysely, sql } from 'kysely'
import type { Test } from 'tap'
import type { Database } from '../../src/db/schema.js'

/** Listens on a free port of this machine. Returns the port. */
export async function listen(app: FastifyInstance): Promise<number> {
  await app.listen({ host: '127.0.0.1', port: 0 })
  return (app.server.address() as AddressInfo).port
}

/** One connection to a listening server, byte by byte: what `inject` can't show. */
export class Connection {
  #bytes = ''

  constructor(readonly socket: Socket) {
    socket.setEncoding('latin1')
    socket.on('data', (bytes) => {
      this.#bytes += String(bytes)
      socket.emit('news')
    })
    socket.on('close', () => socket.emit('news'))
    // A server that cuts off may do it with a reset.
    socket.on('error', () => undefined)
  }

  /** Waits for what `once` would not wait for where an error comes first: a close may be with one. */
  #news(): Promise<void> {
    return new Promise((done) => this.socket.once('news', done))
  }

  /** Sends text as Latin-1, so that a character is a byte. */
  send(text: string): this {
    this.socket.write(text, 'latin1')
    return this
  }

  /**
   * The next answer, in the shape of `inject`'s.
   *
   * @param bodiless it has none whatever its headers say, as after HEAD
   */
  async answer(bodiless = false): Promise<LightMyRequestResponse> {
    for (;;) {
      const [, head] = /^([^]*?\r\n)\r\n/.exec(this.#bytes) ?? []
      const length = bodiless ? 0 : Number(/^content-length: (\d+)\r$/im.exec(head ?? '')?.[1] ?? 0)
      if (head !== undefined && this.#bytes.length >= head.length + 2 + length) {
        const body = this.#bytes.slice(head.length + 2, head.length + 2 + length)
        this.#bytes = this.#bytes.slice(head.length + 2 + length)
        return parse(head, body) as unknown as LightMyRequestResponse
      }
      if (this.socket.closed) throw new Error(`closed after ${JSON.stringify(this.#bytes)}`)
      await this.#news()
    }
  }

  /** Waits for the server to close. Returns what it had sent that was not read by `answer`. */
  async closed(): Promise<string> {
    while (!this.socket.closed) await this.#news()
    return this.#bytes
  }
}

function parse(head: string, body: string) {
  const [status = '', ...lines] = head.trimEnd().split('\r\n')
  const headers = lines.map((line) => /^(.*?): (.*)$/.exec(line)?.slice(1) ?? [])
  return {
    statusCode: Number(status.split(' ')[1]),
    headers: Object.fromEntries(headers.map(([name = '', value = '']) => [name.toLowerCase(), value])),
    body,
    json: () => JSON.parse(Buffer.from(body, 'latin1').toString()) as unknown,
  }
}

/** Connects to a server on this machine. The connection does not outlive the test. */
export async function connect(t: Test, port: number): Promise<Connection> {
  const socket = connectSocket({ port, host: '127.0.0.1', noDelay: true })
  t.teardown(() => socket.destroy())
  await once(socket, 'connect')
  return new Connection(socket)
}

/** A request as it goes over the wire: the start line, then header lines, then a body. `Host` is there unless given. */
export function wireText(start: string, lines: readonly string[] = [], body = ''): string {
  const host = lines.some((line) => /^host/i.test(line)) ? [] : ['Host: roster.example']
  return `${[/HTTP\/[\d.]+$/.test(start) ? start : `${start} HTTP/1.1`, ...host, ...lines].join('\r\n')}\r\n\r\n${body}`
}

/** Holds every request that authenticates, until the returned function is called. */
export async function holdRequests(db: Kysely<Database>): Promise<() => Promise<void>> {
  const transaction = await db.startTransaction().execute()
  await sql`lock table api_key in access exclusive mode`.execute(transaction)
  return async () => {
    await transaction.rollback().execute()
  }
}
