import { get, request } from 'node:http'
import { text } from 'node:stream/consumers'
import { setTimeout as delay } from 'node:timers/promises'
import { createEnterprise } from '../../src/users/enterprise.js'
import { freshDatabase, freshStore } from '../helpers/database.js'
import { type Served, serveProcess } from '../helpers/process.js'
import { thisFile } from '../helpers/this-file.js'

const t = thisFile()

/** Where the listener for operators is. */
async function opsOf({ log }: Served): Promise<string> {
  for (;;) {
    const [, url] = log.map(({ msg }) => /^Operations listening at (\S+)$/.exec(msg)).find((match) => match !== null) ?? []
    if (url !== undefined) return url
    await delay(10)
  }
}

async function ask(url: string, method = 'GET'): Promise<{ status: number | undefined; body: string; allow: unknown }> {
  const answer = await new Promise<import('node:http').IncomingMessage>((done, failed) =>
    request(url, { method, agent: false }, done).on('error', failed).end(),
  )
  return { status: answer.statusCode, body: await text(answer), allow: answer.headers.allow }
}
