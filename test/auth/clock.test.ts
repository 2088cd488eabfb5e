import { sql } from 'kysely'
import { makeLastUsed } from '../../src/auth/last-used.js'
import { parseKey } from '../../src/auth/keys.js'
import type { ApiKey, ApiKeyMade } from '../../src/users/api-keys.js'
import type { User } from '../../src/users/user.js'
import { engine } from '../helpers/database.js'
import { makeDirectory } from '../helpers/directory.js'
import { thisFile } from '../helpers/this-file.js'

const t = thisFile()

const SIGN_IN_MS = 600_000
const OVERLAP_MS = 60_000
const directory = await makeDirectory(t, { ROSTER_SIGN_IN_KEY_MS: String(SIGN_IN_MS), ROSTER_ROTATE_OVERLAP_MS: String(OVERLAP_MS) })
const { call, db, viewer, superuser } = directory
const password = 'correct horse battery staple'
const path = `/user/${String(viewer.id)}/`
await call(`PATCH ${path}`, { key: superuser, json: { password } })

const livesMs = ({ created_on, expires_on }: ApiKey): number => Date.parse(expires_on) - Date.parse(created_on)
const now = async () => (await sql<{ now: Date }>`select now() as now`.execute(db)).rows[0]!.now.getTime()

/** Does `work` while the clock of this process is wrong. The embedded Postgres has the same clock, a server has its own. */
async function withClock(wrongMs: number, work: () => Promise<void>): Promise<void> {
  const { Date: Right } = globalThis
  globalThis.Date = class extends Right {
    constructor(...given: readonly unknown[]) {
      super(...((given.length === 0 ? [Right.now() + wrongMs] : given) as []))
    }
    static override now = () => Right.now() + wrongMs
  } as DateConstructor
  try {
    await work()
  } finally {
    globalThis.Date = Right
  }
}

// The slow clock comes first: `last_login` never goes back, and the embedded Postgres has the clock of this process.
for (const [how, wrongMs] of [['an hour slow', -3_600_000], ['right', 0], ['an hour fast', 3_600_000]] as const) {
  t.test(`the clock of the server is ${how}: the database decides when keys end, and when they were used`, async (t) => {
    await withClock(wrongMs, async () => {
      const isNow = async (time: string | null) => Math.abs(Date.parse(String(time)) - (await now())) < 30_000
      const signedIn = (await call('POST /login/', { json: { username: 'vera', password }, headers: { 'x-tenant': 'acme' } }))
        .json<{ api_key: ApiKeyMade; user: User }>()
      const { api_key } = signedIn
      t.equal(livesMs(api_key), SIGN_IN_MS, 'of a sign-in')
      t.ok(await isNow(signedIn.user.last_login), 'the last sign-in')
      const made = (await call(`POST ${path}api_key/`, { key: api_key.key, json: { name: 'm', expires_days: 1 } })).json<ApiKeyMade>()
      t.equal(livesMs(made), 86_400_000, 'made')
      const rotated = (await call(`POST ${path}api_key/${made.id}/rotate/`, { key: api_key.key })).json<ApiKeyMade>()
      t.equal(rotated.expires_on, made.expires_on, 'rotated')
      const { results } = (await call(`GET ${path}api_key/`, { key: api_key.key })).json<{ results: ApiKey[] }>()
      const old = results.find(({ id }) => id === made.id)!
      t.equal(Date.parse(old.expires_on) - Date.parse(old.replaced_on!), OVERLAP_MS, 'replaced')
      const lastUsed = makeLastUsed(db, (error) => t.fail(String(error)))
      lastUsed.note(parseKey(superuser)!.enterprise_id, rotated.id)
      await lastUsed.flush()
      const used = (await call(`GET ${path}api_key/`, { key: rotated.key })).json<{ results: ApiKey[] }>().results
      t.ok(await isNow(used.find(({ id }) => id === rotated.id)!.last_used_on), 'used')
      await call(`POST /logout/`, { key: api_key.key })
    })
  })
}

t.test('the clock that is wrong is this process\'s alone, where there is a server', async (t) => {
  await withClock(3_600_000, async () => {
    t.equal(Math.abs(Date.now() - (await now())) > 3_000_000, engine === 'postgres')
  })
})
