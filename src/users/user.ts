import { hash } from 'node:crypto'
import type { components } from '../../generated/openapi.js'
import type { KeyOwner } from '../db/lookups.js'
import type { UserRow } from '../db/users.js'

/** A user as answered (`User` in the contract). */
export type User = components['schemas']['User']

/** A user as answered, with the entity tag of the answer. */
export interface Shown {
  readonly user: User
  readonly etag: string
  /** It is the answer to an earlier request, sent again. */
  readonly replayed?: true
}

/** A user as sent to PUT and POST. */
export type UserCreate = components['schemas']['UserCreate']

/** A user as sent to PATCH; every `UserCreate` is one. */
export type UserUpdate = components['schemas']['UserUpdate']

/** May manage the users of the enterprise: `is_staff` of the contract. */
export function isStaff(user: Pick<UserRow, 'role' | 'is_superuser'>): boolean {
  return user.is_superuser || user.role === 'Enterprise Admin'
}

/**
 * A user as the API shows it.
 *
 * @param token the key to show; only `getUserInfo` has one
 */
export function toUser(row: UserRow, enterprise: KeyOwner['enterprise'], token: string | null = null): User {
  const { google_enterprise_id } = enterprise
  return {
    id: row.id,
    username: row.username,
    email: row.email,
    first_name: row.first_name,
    last_name: row.last_name,
    full_name: `${row.first_name} ${row.last_name}`.trim(),
    is_active: row.is_active,
    is_staff: isStaff(row),
    is_superuser: row.is_superuser,
    profile: {
      role: row.role,
      groups: row.groups,
      authz_role_id: row.authz_role_id,
      enterprise: enterprise.uuid,
      created_on: row.created_on,
      updated_on: row.updated_on,
    },
    emm: google_enterprise_id === null ? {} : { google_enterprise_id },
    has_emm: google_enterprise_id !== null,
    last_login: row.last_login,
    token,
    is_email_verified: row.is_email_verified,
  }
}

/** The last sign-in in the form of entity tags; undefined before the first one. */
function signInOf({ last_login }: UserRow): string | undefined {
  return last_login === null ? undefined : Date.parse(last_login).toString(36)
}

/**
 * The strong entity tag of a user (RFC 9110, section 8.8.3): another one after each write, whichever version's server wrote.
 * Its parts are Postgres's version of the row, the times of the last edit and the last sign-in, and a digest of the Google
 * enterprise. The times are needed since a restored database or a replica assigns the same versions again.
 */
export function etagOf(row: UserRow, { google_enterprise_id }: KeyOwner['enterprise']): string {
  const signIn = signInOf(row)
  const login = signIn === undefined ? '' : `~${signIn}`
  const emm = google_enterprise_id === null ? '' : `.${hash('sha256', google_enterprise_id, 'base64url').slice(0, 16)}`
  return `"${row.xmin}.${row.updated_on}${login}${emm}"`
}

const TAG = /^"(\d+)\.([^.~"]+\.\d+Z)(?:~([0-9a-z]+))?(?:\.[\w-]+)?"$/

/**
 * Whether a user was not edited since it had this tag. A sign-in is no edit: it makes a new version of the row and moves
 * `last_login`, but leaves `updated_on`, which every edit moves.
 */
export function isUnedited(tag: string, row: UserRow): boolean {
  const [, version, updated_on, signIn] = TAG.exec(tag) ?? []
  return updated_on === row.updated_on && (version === row.xmin || signIn !== signInOf(row))
}

/** A user as the API shows it, with its entity tag. */
export function show(row: UserRow, enterprise: KeyOwner['enterprise']): Shown {
  return { user: toUser(row, enterprise), etag: etagOf(row, enterprise) }
}
