import type { operations } from '../../generated/operations.js'
import type { FoundKey, KeyOwner } from '../db/lookups.js'
import type { UserChanges } from '../db/user-writes.js'
import type { UserRow } from '../db/users.js'
import { Problem } from '../errors.js'
import { isStaff, isUnedited } from './user.js'

/** Who may call an operation, as `x-who-may-call` of the contract says it. */
export type WhoMayCall = (typeof operations)[keyof typeof operations]['whoMayCall']

const MANAGERS_ONLY = 'Only those who manage users may do this.'
const SUPERUSERS_ONLY = 'Only a superuser may do this to a superuser.'
const NOT_TO_ONESELF = 'Nobody may delete, deactivate or demote themself.'
const ONLY_FOR_ONESELF = 'Anybody may do this for themself alone.'
const READ_ONLY_KEY = 'This key may only read.'
const ITSELF_ONLY = 'This key may only read, and rotate and revoke itself.'

const forbidden = (reason: string): Problem => new Problem('forbidden', [reason])

/**
 * What role and path alone decide, before a body is read.
 *
 * @param user_id the user that the path names; undefined when it names none
 * @throws {Problem} `forbidden`
 */
export function requireMayCall(whoMayCall: WhoMayCall, caller: KeyOwner['user'], user_id: number | undefined): void {
  const staff = isStaff(caller)
  const self = user_id === caller.id
  switch (whoMayCall) {
    case 'anyone':
    case 'without-key':
      return
    case 'managers':
      if (!staff) throw forbidden(MANAGERS_ONLY)
      return
    case 'managers-or-self':
      if (!staff && !self) throw forbidden(MANAGERS_ONLY)
      return
    case 'managers-not-self':
      if (!staff) throw forbidden(MANAGERS_ONLY)
      if (self) throw forbidden(NOT_TO_ONESELF)
      return
    case 'self':
      if (!self) throw forbidden(ONLY_FOR_ONESELF)
  }
}

/** What a read-only key may do with an operation, as `x-read-only-key` of the contract says it, or the method. */
export type ReadOnlyKey = (typeof operations)[keyof typeof operations]['readOnlyKey']

/**
 * What the scope of the presented key decides, before a body is read.
 *
 * @param api_key_id the key that the path names; undefined when it names none
 * @throws {Problem} `forbidden`
 */
export function requireScope(readOnlyKey: ReadOnlyKey, key: FoundKey, api_key_id: string | undefined): void {
  if (!key.read_only || readOnlyKey === 'allowed') return
  if (readOnlyKey === 'refused') throw forbidden(READ_ONLY_KEY)
  if (api_key_id !== key.id) throw forbidden(ITSELF_ONLY)
}

/** May see all users of the enterprise; anyone else sees only themself. */
export function seesEveryone({ user }: KeyOwner): boolean {
  return isStaff(user)
}

/** What somebody who does not manage users may change of themself. */
const OWN_FIELDS: ReadonlySet<string> = new Set(['first_name', 'last_name', 'password_hash'] satisfies (keyof UserChanges)[])

/**
 * What the rows and the changed columns decide, for a caller who manages users or is the target. Both rows are as locked for
 * this write; changing nothing is always allowed.
 *
 * @throws {Problem} `forbidden`
 */
export function requireMayChange(caller: UserRow, target: UserRow, changes: UserChanges): void {
  const changed = Object.keys(changes)
  const self = caller.id === target.id
  if (changed.length === 0) return
  if (!isStaff(caller) && !changed.every((column) => OWN_FIELDS.has(column))) throw forbidden(MANAGERS_ONLY)
  requireMayTouch(caller, target)
  if (self && (changes.is_active === false || isStaff(caller) !== isStaff({ ...target, ...changes }))) {
    throw forbidden(NOT_TO_ONESELF)
  }
}

/**
 * Whether the target's row lets the caller delete it. Both are as locked for this write.
 *
 * @throws {Problem} `forbidden`
 */
export function requireMayDelete(caller: UserRow, target: UserRow): void {
  requireMayTouch(caller, target)
}

/**
 * Only a superuser may do something to a superuser, even see its keys.
 *
 * @throws {Problem} `forbidden`
 */
export function requireMayTouch(caller: KeyOwner['user'], target: UserRow): void {
  if (target.is_superuser && !caller.is_superuser) throw forbidden(SUPERUSERS_ONLY)
}

/**
 * The caller as locked for a write, if it is still there, active, and may still call the operation.
 *
 * @throws {Problem} `invalid_credentials` when it was deleted or deactivated since the request began; `forbidden` when it
 *   was demoted
 */
export function requireStillMayCall(
  whoMayCall: WhoMayCall,
  caller: UserRow | undefined,
  user_id: number | undefined,
): UserRow {
  if (caller?.is_active !== true) throw new Problem('invalid_credentials')
  requireMayCall(whoMayCall, caller, user_id)
  return caller
}

/**
 * The target as locked for a write, if it is there.
 *
 * @throws {Problem} `not_found`
 */
export function requireFound(target: UserRow | undefined): UserRow {
  if (target === undefined) throw noSuchUser()
  return target
}

/**
 * Whether the target, as locked for a write, is in a state that the client expects.
 *
 * @param expected entity tags; undefined where any state will do
 * @throws {Problem} `precondition_failed`
 */
export function requireMatch(expected: readonly string[] | undefined, target: UserRow): void {
  if (expected === undefined || expected.some((tag) => isUnedited(tag, target))) return
  throw new Problem('precondition_failed', ['If-Match: names no tag that the user has now'])
}

/** The answer to an id that names no key of the user that works. */
export function noSuchKey(): Problem {
  return new Problem('not_found', ['api_key_id: names no key'])
}

/** The answer to an id that names no user whom the caller may see. */
export function noSuchUser(): Problem {
  return new Problem('not_found', ['user_id: names no user'])
}
