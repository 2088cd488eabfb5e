import type { Test } from 'tap'
import { makeKey, parseKey } from '../../src/auth/keys.js'
import { createKey, revokeKey } from '../../src/auth/made-keys.js'
import { clientWritesOf } from '../../src/db/clients.js'
import { type EnterpriseRow, findEnterprise } from '../../src/db/enterprises.js'
import { userWritesOf } from '../../src/db/user-writes.js'
import { nameKey } from '../../src/names.js'
import { type Directory, makeDirectory } from '../helpers/directory.js'
import { storedHash } from '../helpers/keys.js'

/** Who sends a request. The first three may call at least some operations; `stranger` is the owner of another enterprise. */
export const CALLERS = ['superuser', 'admin', 'viewer', 'stranger', 'none', 'expired', 'revoked', 'inactive', 'unmade', 'broken'] as const
/** One of them. */
export type Who = (typeof CALLERS)[number]

/** Whom an id in a path names. */
export const TARGETS = ['member', 'self', 'superuser', 'admin', 'viewer', 'stranger', 'nobody'] as const
/** One of them. */
export type Target = (typeof TARGETS)[number]

/** In every text of the one enterprise, and of the other; nobody of the other one may see it. */
export const MARKS = { acme: 'zqAcmeMark', globex: 'zqGlobexMark' } as const

/** Users who can be changed and deleted; there are always this many. */
const MEMBERS = 5

/** A directory for the fuzzer, with callers of every kind, whom requests may change: `heal` makes them what they were. */
export interface World {
  readonly directory: Directory
  readonly keys: Readonly<Record<Who, string | undefined>>
  /** The secret parts of all keys. */
  readonly secrets: readonly string[]
  /** The id that a target means for a caller. */
  idOf: (target: Target, who: Who, pick: number) => number
  /** Makes callers and members again what they were at the start. */
  heal: () => Promise<void>
}

/** Makes the directory of the fuzzer. */
export async function makeWorld(t: Test): Promise<World> {
  const directory = await makeDirectory(t)
  const { db, acme, globex, admin, viewer, superuser, create, keyOf } = directory
  const acmeRow = (await findEnterprise(db, 'acme'))!
  const globexRow = (await findEnterprise(db, 'globex'))!
  let made = 0
  const insert = ({ id }: EnterpriseRow, mark: string): Promise<number> =>
    db.transaction().execute(async (trx) => {
      const username = `${mark}-${String(++made)}`
      const email = `${username}@mark.example`
      const row = { username, username_key: nameKey(username), email, email_key: nameKey(email), first_name: mark, last_name: mark }
      const more = { is_active: true, is_superuser: false, role: 'Viewer' as const, groups: [mark], authz_role_id: mark }
      return (await userWritesOf(trx, id).insert({ ...row, ...more, password_hash: null })).id
    })
  const inactive = await create({ username: 'ina' })
  const [expired, revoked, inactiveKey] = [await keyOf('vera'), await keyOf('vera'), await keyOf('ina')]
  await db.updateTable('api_key').set({ expires_on: new Date() }).where('hash', '=', storedHash(expired)).execute()
  await revokeKey(db, acmeRow, parseKey(revoked)!.prefix)
  const strangers = [globex.user_id, await insert(globexRow, MARKS.globex), await insert(globexRow, MARKS.globex)]
  await db.transaction().execute((trx) => clientWritesOf(trx, acmeRow.id).insert('console'))
  await createKey(db, globexRow, 'gina')

  const keys: World['keys'] = {
    ...{ superuser, admin: admin.key, viewer: viewer.key, stranger: globex.api_key, none: undefined, expired, revoked },
    ...{ inactive: inactiveKey, unmade: makeKey(acmeRow.id).key, broken: `${superuser.slice(0, -1)}!` },
  }
  const cast = [
    { id: acme.user_id, is_superuser: true, role: 'Enterprise Admin', is_active: true },
    { id: admin.id, is_superuser: false, role: 'Enterprise Admin', is_active: true },
    { id: viewer.id, is_superuser: false, role: 'Group Viewer', is_active: true },
    { id: inactive.id, is_superuser: false, role: 'Group Viewer', is_active: false },
  ] as const
  const castIds = cast.map(({ id }) => id)
  const hashes = Object.values(keys).flatMap((key) => (key === undefined || parseKey(key) === undefined ? [] : storedHash(key)))
  const working = [superuser, admin.key, viewer.key, globex.api_key].map(storedHash)
  let members: number[] = []

  const heal = async (): Promise<void> => {
    for (const { id, ...state } of cast) await db.updateTable('user_account').set(state).where('id', '=', id).execute()
    await db.updateTable('api_key').set({ revoked_on: null, replaced_on: null }).where('hash', 'in', working).execute()
    await db.deleteFrom('api_key').where('user_id', 'in', castIds).where('hash', 'not in', hashes).execute()
    const there = await db
      .selectFrom('user_account')
      .select('id')
      .where('enterprise_id', '=', acmeRow.id)
      .where('id', 'not in', castIds)
      .orderBy('id', 'desc')
      .limit(MEMBERS)
      .execute()
    members = there.map(({ id }) => id)
    while (members.length < MEMBERS) members.push(await insert(acmeRow, MARKS.acme))
  }
  await heal()

  const own: Readonly<Partial<Record<Who, number>>> = { admin: admin.id, viewer: viewer.id, stranger: globex.user_id, inactive: inactive.id }
  const idOf: World['idOf'] = (target, who, pick) => {
    switch (target) {
      case 'member':
        return members[pick % members.length]!
      case 'self':
        return own[who] ?? acme.user_id
      case 'superuser':
        return acme.user_id
      case 'admin':
        return admin.id
      case 'viewer':
        return viewer.id
      case 'stranger':
        return strangers[pick % strangers.length]!
      case 'nobody':
        return 9007199254740991 - pick
    }
  }
  const secrets = Object.values(keys).flatMap((key) => key?.split('_')[2] ?? [])
  return { directory, keys, secrets, idOf, heal }
}
