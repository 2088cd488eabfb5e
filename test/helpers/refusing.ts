import { type AddressInfo, createServer, type Socket } from 'node:net'
import type { Test } from 'tap'

const SSL_REQUEST = 80877103
const NO_TLS = 'N'

/** The error with which a scripted Postgres refuses a connection, or each statement on a connection. */
export interface Refusal {
  readonly code: string
  readonly message: string
  readonly severity?: string
  /** Refuses statements, as a pooler does that has taken the connection. */
  readonly statements?: boolean
}

function message(type: string, body: Buffer): Buffer {
  const head = Buffer.alloc(5)
  head.write(type)
  head.writeInt32BE(body.length + 4, 1)
  return Buffer.concat([head, body])
}

function errorOf({ code, message: words, severity = 'FATAL' }: Refusal): Buffer {
  return message('E', Buffer.from(`S${severity}\0V${severity}\0C${code}\0M${words}\0\0`))
}

const READY = message('Z', Buffer.from('I'))
const AUTHENTICATED = message('R', Buffer.alloc(4))

/** Speaks as much of Postgres's protocol as a refusal needs. */
function refuse(socket: Socket, refusal: Refusal): void {
  let isStarted = false
  socket.on('error', () => undefined)
  socket.on('data', (chunk) => {
    if (!isStarted && chunk.readInt32BE(4) === SSL_REQUEST) {
      socket.write(NO_TLS)
      return
    }
    if (!isStarted && refusal.statements) socket.write(Buffer.concat([AUTHENTICATED, READY]))
    else if (refusal.severity === 'ERROR') socket.write(Buffer.concat([errorOf(refusal), READY]))
    else socket.end(errorOf(refusal))
    isStarted = true
  })
}

/** A server that refuses as it is told at the time of each connection. Returns the URL of a database there. */
export async function refusing(t: Test, told: () => Refusal): Promise<string> {
  const server = createServer((socket) => {
    refuse(socket, told())
  })
  await new Promise<void>((done) => server.listen(0, '127.0.0.1', done))
  t.teardown(() => server.close())
  return `postgres://roster:S3CRET@127.0.0.1:${String((server.address() as AddressInfo).port)}/directory`
}
