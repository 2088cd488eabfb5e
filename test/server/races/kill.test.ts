import { RosterClient } from '../../../src/client/index.js'
import { findMiscounts } from '../../../src/db/verify.js'
import { createEnterprise } from '../../../src/users/enterprise.js'
import { freshDatabase } from '../../helpers/database.js'
import { serveProcess } from '../../helpers/process.js'
import { thisFile } from '../../helpers/this-file.js'

const t = thisFile()

const ROUNDS = 3
const CLIENTS = 8
/** How many creates are answered before the kill; the others are under way. */
const ANSWERED = 40

const { store, db } = await freshDatabase(t)
const { api_key } = await createEnterprise(db, 'acme', { username: 'alice', email: '' })
const clientOf = (origin: string): RosterClient => new RosterClient({ baseUrl: `${origin}/api`, key: api_key })

async function readAll(roster: RosterClient): Promise<{ count: number; users: Map<number, string> }> {
  const users = new Map<number, string>()
  for await (const { id, username } of roster.listAllUsers()) users.set(id, username)
  return { count: (await roster.listUsers()).count, users }
}

t.test('a kill -9 in the middle of creates loses nothing that was answered 201', async (t) => {
  const answered = new Map<number, string>()
  let server = serveProcess(t, store)
  let roster = clientOf(await server.listening)
  for (let round = 1; round <= ROUNDS; round++) {
    const before = answered.size
    const client = async (name: string) => {
      for (let number = 1; ; number++) {
        const user = await roster.createUser({ username: `${name}-${String(number)}`, profile: {} }).catch((fault: unknown) => {
          t.match(fault, { name: 'RosterError', code: 'network_error' }, 'the kill cut it off')
        })
        if (user === undefined) return
        answered.set(user.id, user.username)
        if (answered.size === before + ANSWERED) server.child.kill('SIGKILL')
      }
    }
    await Promise.all(Array.from({ length: CLIENTS }, (_, at) => client(`round-${String(round)}-${String(at)}`)))
    t.strictSame(await server.ended, { code: null, signal: 'SIGKILL' })
    t.ok(answered.size >= before + ANSWERED)

    server = serveProcess(t, store)
    roster = clientOf(await server.listening)
    const { count, users } = await readAll(roster)
    t.strictSame([...answered].filter(([id, username]) => users.get(id) !== username), [], 'every create answered 201 is there')
    // The owner, what was answered, and at most what each client was waiting for at each kill.
    t.ok(count === users.size && count >= 1 + answered.size && count <= 1 + answered.size + round * CLIENTS)
    t.strictSame(await findMiscounts(db), [])
  }
  server.child.kill('SIGTERM')
  t.strictSame(await server.ended, { code: 0, signal: null })
})
