import { createEnterprise } from '../../../src/users/enterprise.js'
import { findMiscounts } from '../../../src/db/verify.js'
import type { User } from '../../../src/users/user.js'
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
const headers = { authorization: api_key, 'content-type': 'application/json' }

async function readAll(origin: string): Promise<{ count: number; users: Map<number, string> }> {
  const answer = await fetch(`${origin}/api/user/?limit=1000`, { headers })
  const { count, results } = (await answer.json()) as { count: number; results: User[] }
  return { count, users: new Map(results.map(({ id, username }) => [id, username])) }
}

t.test('a kill -9 in the middle of creates loses nothing that was answered 201', async (t) => {
  const answered = new Map<number, string>()
  let server = serveProcess(t, store)
  let origin = await server.listening
  for (let round = 1; round <= ROUNDS; round++) {
    const before = answered.size
    const client = async (name: string) => {
      for (let number = 1; ; number++) {
        const body = JSON.stringify({ username: `${name}-${String(number)}`, profile: {} })
        // A fetch that rejects is one that the kill cut off.
        const user = await fetch(`${origin}/api/user/`, { method: 'POST', headers, body })
          .then(async (answer) => (answer.status === 201 ? ((await answer.json()) as User) : undefined))
          .catch(() => undefined)
        if (user === undefined) return
        answered.set(user.id, user.username)
        if (answered.size === before + ANSWERED) server.child.kill('SIGKILL')
      }
    }
    await Promise.all(Array.from({ length: CLIENTS }, (_, at) => client(`round-${String(round)}-${String(at)}`)))
    t.strictSame(await server.ended, { code: null, signal: 'SIGKILL' })
    t.ok(answered.size >= before + ANSWERED)

    server = serveProcess(t, store)
    origin = await server.listening
    const { count, users } = await readAll(origin)
    t.strictSame([...answered].filter(([id, username]) => users.get(id) !== username), [], 'every create answered 201 is there')
    // The owner, what was answered, and at most what each client was waiting for at each kill.
    t.ok(count === users.size && count >= 1 + answered.size && count <= 1 + answered.size + round * CLIENTS)
    t.strictSame(await findMiscounts(db), [])
  }
  server.child.kill('SIGTERM')
  t.strictSame(await server.ended, { code: 0, signal: null })
})
