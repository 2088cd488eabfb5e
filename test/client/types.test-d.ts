/* eslint-disable @typescript-eslint/no-unnecessary-type-parameters, @typescript-eslint/no-unsafe-call,
   @typescript-eslint/no-unsafe-member-access -- what should not compile has no types, and comparing types needs a T. */

/** The types of the client, as tsc sees them: a line that should be an error and is none fails the build. */
import { type Role, RosterClient, RosterError, type User, type UserList } from '../../src/client/index.js'
import type { operations } from '../../generated/openapi.js'

type Same<A, B> = (<T>() => T extends A ? 1 : 2) extends <T>() => T extends B ? 1 : 2 ? true : false
const same = <A, B>(proof: Same<A, B>): boolean => proof

const roster = new RosterClient({ baseUrl: 'https://roster.example/api', key: 'rst_', timeoutMs: 1, tries: 1, fetch })
new RosterClient({ baseUrl: 'https://roster.example/api' })
// @ts-expect-error a key is a text
new RosterClient({ baseUrl: 'https://roster.example/api', key: null })
// @ts-expect-error a signal is of one call
new RosterClient({ baseUrl: '', key: '', signal: AbortSignal.abort() })

/** Never run: calls whose types are compared. */
export async function types(): Promise<void> {
  same<keyof operations, Exclude<keyof RosterClient, 'listAllUsers'>>(true)
  const user = await roster.getUser(3, { signal: AbortSignal.timeout(1), tries: 2 })
  same<typeof user, User>(true)
  same<User['profile']['role'], Role>(true)
  same<Awaited<ReturnType<typeof roster.listUsers>>, UserList>(true)
  same<Awaited<ReturnType<typeof roster.deleteUser>>, undefined>(true)
  for await (const each of roster.listAllUsers({ limit: 5 }, {})) await roster.deleteUser(each.id)

  await roster.updateUser(user.id, user)
  await roster.getUserInfo({ 'X-Tenant': 'acme' })
  await roster.createUser({ username: 'bob', profile: { groups: [], authz_role_id: null } })

  await roster.createUser({ username: 'bob', profile: {} }, { idempotencyKey: 'k', tries: 2 })
  await roster.deleteUser(3, { ifMatch: user })
  // @ts-expect-error reads have no state to ask for
  await roster.getUser(3, { ifMatch: user })
  // @ts-expect-error a key is of createUser alone
  await roster.deleteUser(3, { idempotencyKey: 'k' })

  // @ts-expect-error ids are numbers
  await roster.getUser('3')
  // @ts-expect-error profile is required
  await roster.createUser({ username: 'bob' })
  interface Person { username: string; first_name: string; profile: { groups: string[] } }
  const person: Person = { username: 'bob', first_name: 'Bob', profile: { groups: [] } }
  await roster.createUser(person)
  await roster.partialUpdateUser(3, person)
  // @ts-expect-error a name that is mistyped
  await roster.createUser({ username: 'bob', frist_name: 'Bob', profile: {} })
  // @ts-expect-error no such role
  await roster.partialUpdateUser(3, { profile: { role: 'Owner' } })
  // @ts-expect-error no such filter
  await roster.listUsers({ name: 'bob' })
  // @ts-expect-error null is for authz_role_id alone
  await roster.partialUpdateUser(3, { email: null })
  // @ts-expect-error no such operation
  await roster.dropUsers()
  // @ts-expect-error answers are read only through their types
  user.nickname.toUpperCase()

  const fault = new RosterError('', { status: 0, code: 'timeout' })
  same<typeof fault.status, number>(true)
  same<typeof fault.request_id, string | undefined>(true)
  // @ts-expect-error an error can't be changed
  fault.status = 1
}
