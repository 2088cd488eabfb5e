import { type IncomingMessage, request } from 'node:http'
import { text } from 'node:stream/consumers'
import { setTimeout as delay } from 'node:timers/promises'
import type { Served } from './process.js'

/** Where the listener for operators of a served process is. */
export async function opsOf({ log }: Served): Promise<string> {
  for (;;) {
    const urls = log.flatMap(({ msg }) => /^Operations listening at (\S+)$/.exec(msg)?.[1] ?? [])
    if (urls[0] !== undefined) return urls[0]
    await delay(10)
  }
}

/** What the listener for operators answered. */
export interface Told {
  readonly status: number | undefined
  readonly body: string
  readonly allow: string | undefined
}

/** Asks the listener for operators. */
export async function ask(url: string, method = 'GET'): Promise<Told> {
  const answer = await new Promise<IncomingMessage>((done, failed) => request(url, { method, agent: false }, done).on('error', failed).end())
  return { status: answer.statusCode, body: await text(answer), allow: answer.headers.allow }
}
