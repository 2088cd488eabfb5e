import { sql } from 'kysely'
import { makeDirectory } from '../../helpers/directory.js'
import { secondServer } from '../../helpers/process.js'
import { thisFile } from '../../helpers/this-file.js'

const t = thisFile()

const directory = await makeDirectory(t)
const { call, create, db } = directory
const second = await secondServer(t, directory)
const [TRIES, NETWORK_TRIES] = [10, 100]
const password = 'correct horse battery staple'

/** The statuses of sign-ins that are sent at once, to the two servers in turn, from one address. */
async function statusesOf(sent: readonly { username: string; password: string }[]): Promise<Record<number, number>> {
  const headers = { 'x-tenant': 'acme' }
  const answers = await Promise.all(sent.map((json, at) => (at % 2 === 0 ? call : second)('POST /login/', { json, headers })))
  const counted: Record<number, number> = {}
  for (const { statusCode } of answers) counted[statusCode] = (counted[statusCode] ?? 0) + 1
  return counted
}
const forget = () => sql`delete from sign_in_failure`.execute(db)

t.test('right passwords at once on two servers: of one account, and of many behind one address', async (t) => {
  const names = Array.from({ length: 150 }, (_, at) => `desk-${String(at)}`)
  for (const username of names) await create({ username, password })
  t.strictSame(await statusesOf(Array(20).fill({ username: 'desk-0', password })), { 200: 20 })
  t.strictSame(await statusesOf(names.map((username) => ({ username, password }))), { 200: names.length })
  const { rows } = await sql`select 1 from sign_in_failure where n <> 0 or held <> 0`.execute(db)
  t.equal(rows.length, 0, 'none stays counted')
})

t.test('wrong passwords at once on two servers: as many are compared as may fail', async (t) => {
  await forget()
  const wrong = (username: string) => ({ username, password: 'incorrect horse' })
  t.strictSame(await statusesOf(Array(40).fill(wrong('desk-1'))), { 401: TRIES, 429: 40 - TRIES })
  await forget()
  const strangers = Array.from({ length: NETWORK_TRIES + 60 }, (_, at) => wrong(`nobody-${String(at)}`))
  t.strictSame(await statusesOf(strangers), { 401: NETWORK_TRIES, 429: 60 })
})

t.test('right and wrong passwords at once: a right one is not refused while its account has failures left', async (t) => {
  await forget()
  const sent = Array.from({ length: TRIES + 19 }, (_, at) => ({ username: 'desk-2', password: at < TRIES - 1 ? 'incorrect horse' : password }))
  t.strictSame(await statusesOf(sent), { 200: 20, 401: TRIES - 1 })
})
