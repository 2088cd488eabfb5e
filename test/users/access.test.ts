import type { UserChanges } from '../../src/db/user-writes.js'
import type { UserRow } from '../../src/db/users.js'
import { Problem } from '../../src/errors.js'
import {
  noSuchKey, noSuchUser, requireFound, requireMayCall, requireMayChange, requireMayDelete, requireScope, requireStillMayCall, seesEveryone,
  type WhoMayCall,
} from '../../src/users/access.js'
import { enterprise, row } from '../helpers/rows.js'
import { thisFile } from '../helpers/this-file.js'

const t = thisFile()

const superuser = row({ id: 1, is_superuser: true })
const admin = row({ id: 2, role: 'Enterprise Admin' })
const viewer = row({ id: 3 })
const groupAdmin = row({ id: 4, role: 'Group Admin' })

const MANAGERS = 'Only those who manage users may do this.'
const SUPERUSERS = 'Only a superuser may do this to a superuser.'
const OWN = 'Anybody may do this for themself alone.'
const ONESELF = 'Nobody may delete, deactivate or demote themself.'

/** What a rule refused with: the error of a `forbidden`, the code of another problem, undefined for nothing. */
function refusal(rule: () => unknown): string | undefined {
  try {
    rule()
    return undefined
  } catch (error) {
    if (!(error instanceof Problem)) throw error
    return error.code === 'forbidden' ? error.errors.join() : error.code
  }
}

t.test('requireMayCall: what role and path alone decide', async (t) => {
  const other = 99
  const table: Record<WhoMayCall, [staffOther: unknown, staffSelf: unknown, other: unknown, self: unknown]> = {
    'anyone': [undefined, undefined, undefined, undefined],
    'managers': [undefined, undefined, MANAGERS, MANAGERS],
    'managers-or-self': [undefined, undefined, MANAGERS, undefined],
    'managers-not-self': [undefined, ONESELF, MANAGERS, MANAGERS],
    'without-key': [undefined, undefined, undefined, undefined],
    'self': [OWN, undefined, OWN, undefined],
  }
  for (const [who, expected] of Object.entries(table)) {
    const refused = (caller: UserRow, id?: number) => refusal(() => requireMayCall(who as WhoMayCall, caller, id))
    for (const staff of [superuser, admin]) {
      t.strictSame([refused(staff, other), refused(staff, staff.id)], expected.slice(0, 2), who)
      t.equal(refused(staff), expected[0])
    }
    for (const user of [viewer, groupAdmin]) {
      t.strictSame([refused(user, other), refused(user, user.id)], expected.slice(2), who)
      t.equal(refused(user), expected[2])
    }
  }
})

t.test('requireScope: what the scope of the key decides', async (t) => {
  const id = '0d9f7a52-3f0f-4c58-9a53-6c1d2b7e4f10'
  const refused = (who: 'allowed' | 'refused' | 'itself', read_only: boolean, named?: string) =>
    refusal(() => requireScope(who, { id, read_only }, named))
  for (const who of ['allowed', 'refused', 'itself'] as const) t.equal(refused(who, false, 'x'), undefined)
  t.equal(refused('allowed', true), undefined)
  t.equal(refused('refused', true, id), 'This key may only read.')
  t.equal(refused('itself', true, id), undefined)
  for (const named of [undefined, 'x', id.toUpperCase()]) t.match(refused('itself', true, named), /rotate and revoke itself/)
})

t.test('seesEveryone', async (t) => {
  const sees = [superuser, admin, viewer, groupAdmin].map((user) => seesEveryone({ user, enterprise }))
  t.strictSame(sees, [true, true, false, false])
})

t.test('requireMayChange: what the rows and the changed columns decide', async (t) => {
  const own: UserChanges = { first_name: 'x', last_name: 'y', password_hash: 'z' }
  const off: UserChanges = { is_active: false }
  const demote: UserChanges = { role: 'Viewer' }
  const owner = row({ id: 5, is_superuser: true, role: 'Viewer' })
  const managed: (keyof UserChanges)[] = [
    ...(['username', 'username_key', 'email', 'email_key', 'is_active', 'is_superuser', 'is_email_verified'] as const),
    ...(['role', 'groups', 'authz_role_id'] as const),
  ]
  type Row = [caller: UserRow, target: UserRow, changes: UserChanges, expected?: string]
  const table: Row[] = [
    [viewer, viewer, {}],
    [viewer, viewer, own],
    ...managed.map((column): Row => [viewer, viewer, { ...own, [column]: 'x' }, MANAGERS]),
    [admin, viewer, { ...own, ...off, ...demote }],
    [admin, admin, own],
    [admin, admin, { is_active: true }],
    [admin, admin, off, ONESELF],
    [admin, admin, demote, ONESELF],
    [admin, row({ id: 6, role: 'Enterprise Admin' }), { ...off, ...demote }],
    [admin, superuser, {}],
    [admin, superuser, own, SUPERUSERS],
    [superuser, superuser, off, ONESELF],
    [superuser, superuser, { role: 'Enterprise Admin' }],
    [owner, owner, { role: 'Group Viewer' }],
    [superuser, owner, { ...off, ...demote }],
    [superuser, admin, { ...off, ...demote }],
  ]
  for (const [caller, target, changes, expected] of table) {
    t.equal(refusal(() => requireMayChange(caller, target, changes)), expected)
  }
})

t.test('requireMayDelete: only a superuser deletes a superuser', async (t) => {
  const refused = (caller: UserRow, target: UserRow) => refusal(() => requireMayDelete(caller, target))
  t.equal(refused(admin, superuser), SUPERUSERS)
  t.equal(refused(admin, viewer), undefined)
  t.equal(refused(superuser, row({ id: 5, is_superuser: true })), undefined)
})

t.test('requireStillMayCall: the caller as it is locked', async (t) => {
  const refused = (caller: UserRow | undefined) => refusal(() => requireStillMayCall('managers', caller, undefined))
  t.equal(refused(undefined), 'invalid_credentials')
  t.equal(refused(row({ ...admin, is_active: false })), 'invalid_credentials')
  t.equal(refused(viewer), MANAGERS)
  t.equal(requireStillMayCall('managers', admin, undefined), admin)
})

t.test('requireFound', async (t) => {
  t.equal(requireFound(viewer), viewer)
  t.equal(refusal(() => requireFound(undefined)), 'not_found')
  t.strictSame(noSuchUser().errors, ['user_id: names no user'])
  t.strictSame(noSuchKey().errors, ['api_key_id: names no key'])
})
