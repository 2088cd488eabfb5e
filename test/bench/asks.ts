import { randomBytes, randomInt } from 'node:crypto'
import type { Caller, Enterprise } from './fill.js'

/** What the answer to a request shows, to look it up in the database. */
export type Shown =
  | { readonly user: number; readonly token: string | null }
  | { readonly limit: number; readonly offset: number; readonly enterprise: Enterprise }

/** A request that the load generator may send. */
export interface Ask {
  readonly method: 'GET' | 'POST'
  readonly path: string
  readonly caller: Caller
  readonly body?: string
  /** Undefined: it is a write, which is looked at afterwards. */
  readonly shown?: Shown
}

/** In a body, this becomes a number of as many digits that no other request of the measurement has. */
export const NUMBER = '@@@@@@@@@@'

/** How many different requests one measurement draws from. */
const MANY = 20_000

/** One of a list, at random. */
export function oneOf<T>(list: readonly T[]): T {
  return list[randomInt(list.length)]!
}

function many<T>(make: () => T): T[] {
  return Array.from({ length: MANY }, make)
}

const randomUser = ({ first, size }: Enterprise): number => first + randomInt(size)

/** The get of one user. */
export function getUser(caller: Caller, user: number): Ask {
  return { method: 'GET', path: `/api/user/${String(user)}/`, caller, shown: { user, token: null } }
}

/** Gets of random users by random managers of an enterprise that is drawn anew for each. */
export function getUsers(...enterprises: readonly Enterprise[]): Ask[] {
  return many(() => {
    const enterprise = oneOf(enterprises)
    return getUser(oneOf(enterprise.callers), randomUser(enterprise))
  })
}

/** `user_info` of random managers. */
export function getUserInfos({ callers }: Enterprise): Ask[] {
  return many(() => {
    const caller = oneOf(callers)
    return { method: 'GET', path: '/api/user_info/', caller, shown: { user: caller.user_id, token: caller.key } }
  })
}

/** One page, read by random managers. */
export function listUsers(enterprise: Enterprise, limit: number, offset: number): Ask[] {
  const path = `/api/user/?limit=${String(limit)}&offset=${String(offset)}`
  return enterprise.callers.map((caller) => ({ method: 'GET', path, caller, shown: { limit, offset, enterprise } }))
}

/** Creates of new users, by random managers. */
export function createUsers({ callers }: Enterprise, { passwords }: { readonly passwords: boolean }): Ask[] {
  const name = `made.${randomBytes(4).toString('hex')}.${NUMBER}`
  const body = JSON.stringify({
    username: name,
    email: `${name}@growing.example`,
    ...(passwords ? { password: `a long passphrase of ${NUMBER}` } : {}),
    first_name: 'Made',
    profile: { role: 'Viewer', groups: ['made'] },
  })
  return callers.map((caller) => ({ method: 'POST', path: '/api/user/', caller, body }))
}

/** The headers of a request, beside `Host`. */
export function headersOf({ caller, body }: Ask): Record<string, string> {
  const authorization = { Authorization: `Bearer ${caller.key}` }
  return body === undefined ? authorization : { ...authorization, 'Content-Type': 'application/json' }
}
