import path from 'node:path'
import type { Test } from 'tap'
import { RosterClient, type User, type UserUpdate } from '../../src/client/index.js'
import type { NewEnterprise } from '../../src/users/enterprise.js'
import { finish, jsonOf, runHere, start, startOf } from '../helpers/command.js'
import { emptyDatabase, emptyFolder, type StoreSettings } from '../helpers/database.js'
import { type Served, serveProcess } from '../helpers/process.js'
import { type Release, releases } from '../helpers/releases.js'
import { thisFile } from '../helpers/this-file.js'

const t = thisFile()

const PASSWORD = 'correct horse battery'

const clientOf = async ({ listening }: Served, key: string): Promise<RosterClient> =>
  new RosterClient({ baseUrl: `${await listening}/api`, key })

async function allUsers(client: RosterClient): Promise<User[]> {
  const users: User[] = []
  for await (const user of client.listAllUsers()) users.push(user)
  return users
}

/** Fills a directory by the API: every field set and unset, changed, deleted. Returns all that is in it then. */
async function fill(client: RosterClient): Promise<User[]> {
  for (let n = 1; n <= 30; n++) {
    const bare = { username: `user-${String(n)}`, profile: {} }
    const full = {
      ...bare,
      email: `user-${String(n)}@acme.example`,
      first_name: 'Zoë',
      last_name: `N ${String(n)}`,
      password: PASSWORD,
      is_active: n % 4 !== 0,
      profile: { role: 'Viewer' as const, groups: ['a', 'b'], authz_role_id: `r-${String(n)}` },
    }
    const { id } = await client.createUser(n % 2 === 0 ? full : bare)
    if (n % 5 === 0) await client.partialUpdateUser(id, { first_name: 'Changed', profile: { role: 'Enterprise Admin' } })
    if (n % 7 === 0) await client.deleteUser(id)
  }
  return allUsers(client)
}

/** Fields may be added by a release; those that there were keep their values. */
function areKept(t: Test, before: readonly User[], after: readonly User[]): void {
  const kept = after.map((user, i) => Object.fromEntries(Object.entries(user).filter(([field]) => field in (before[i] ?? {}))))
  t.strictSame(kept, before)
}

async function stop(t: Test, { child, ended }: Served): Promise<void> {
  child.kill('SIGTERM')
  t.strictSame(await ended, { code: 0, signal: null })
}

/** A store that a release made and filled, and the release's server on it. */
async function oldDirectory(t: Test, { cli }: Release, store: StoreSettings) {
  t.equal((await finish(startOf(cli, store, 'migrate'))).code, 0)
  const made = await finish(startOf(cli, store, 'enterprise', 'create', 'acme', '--admin', 'alice', '--json'))
  const { api_key } = jsonOf<NewEnterprise>(made)
  const server = serveProcess(t, store, {}, [], cli)
  const before = await fill(await clientOf(server, api_key))
  t.equal(before.length, 27)
  return { api_key, server, before }
}

const isVerified = async (t: Test, store: StoreSettings): Promise<void> => {
  const { code, note, out } = await runHere({ ...store }, 'verify')
  t.equal(code, 0, [...note, ...out].join('\n'))
}

/** One of two versions writes, the other one reads it at once. */
async function takeTurns(t: Test, writer: RosterClient, reader: RosterClient, username: string): Promise<void> {
  const { count } = await reader.listUsers()
  const made = await writer.createUser({ username, email: `${username}@acme.example`, password: PASSWORD, profile: {} })
  areKept(t, [await reader.getUser(made.id)], [await writer.getUser(made.id)])
  await t.rejects(reader.createUser({ username: username.toUpperCase(), profile: {} }), { status: 400, code: 'duplicate' })
  const fields: UserUpdate = { last_name: 'Changed', profile: { groups: ['c'] } }
  const { profile } = await writer.partialUpdateUser(made.id, fields)
  t.strictSame((await reader.getUser(made.id)).profile.groups, profile.groups)
  t.equal((await reader.listUsers()).count, count + 1)
  await writer.deleteUser(made.id)
  await t.rejects(reader.getUser(made.id), { status: 404, code: 'not_found' })
  t.equal((await reader.listUsers()).count, count)
}

/** What the old version writes, the current one takes into account: in the tags of users, and in the answers that it kept. */
async function keepStates(t: Test, old: RosterClient, current: RosterClient): Promise<void> {
  const fields = { username: 'tagged', profile: {} }
  const seen = await current.createUser(fields, { idempotencyKey: 'k' })
  await old.partialUpdateUser(seen.id, { first_name: 'Old' })
  await t.rejects(current.partialUpdateUser(seen.id, { first_name: 'New' }, { ifMatch: seen }), { status: 412, code: 'precondition_failed' })
  await old.deleteUser(seen.id)
  const again = await current.createUser(fields, { idempotencyKey: 'k' })
  t.not(again.id, seen.id)
  await current.deleteUser(again.id)
}

for (const release of releases()) {
  t.test(`from ${release.version}, on a Postgres server, with its server beside`, async (t) => {
    const store = { DATABASE_URL: await emptyDatabase(t) }
    const { api_key, server, before } = await oldDirectory(t, release, store)
    const old = await clientOf(server, api_key)

    t.equal((await finish(start(store, 'migrate'))).code, 0)
    const current = await clientOf(serveProcess(t, store), api_key)
    areKept(t, before, await allUsers(current))
    areKept(t, before, await allUsers(old))
    await takeTurns(t, old, current, 'made-by-old')
    await takeTurns(t, current, old, 'made-by-new')
    await keepStates(t, old, current)
    await Promise.all(
      Array.from({ length: 20 }, (_, n) => takeBoth(old, current, n)),
    )
    await isVerified(t, store)

    await stop(t, server)
    const again = serveProcess(t, store, {}, [], release.cli)
    areKept(t, await allUsers(current), await allUsers(await clientOf(again, api_key)))
    t.match(again.log.map(({ msg }) => msg).join('\n'), 'the database is newer than this server')
    await stop(t, again)
    await isVerified(t, store)
  })

  t.test(`from ${release.version}, the embedded store`, async (t) => {
    const store = { ROSTER_DATA: path.join(emptyFolder(t), '.roster') }
    const { api_key, server, before } = await oldDirectory(t, release, store)
    await stop(t, server)
    const upgraded = serveProcess(t, store)
    const current = await clientOf(upgraded, api_key)
    areKept(t, before, await allUsers(current))
    t.equal((await current.createUser({ username: 'one-more', profile: {} })).username, 'one-more')
    await stop(t, upgraded)
    await isVerified(t, store)
  })
}

/** Writes of both versions at the same time, of the same block of ids. */
async function takeBoth(old: RosterClient, current: RosterClient, n: number): Promise<void> {
  const [writer, other] = n % 2 === 0 ? [old, current] : [current, old]
  const { id } = await writer.createUser({ username: `both-${String(n)}`, profile: {} })
  if (n % 4 > 1) await other.deleteUser(id)
}
