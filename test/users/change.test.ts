import type { UserChanges } from '../../src/db/user-writes.js'
import { nameKey } from '../../src/names.js'
import { changesOf } from '../../src/users/change.js'
import type { UserUpdate } from '../../src/users/user.js'
import { row } from '../helpers/rows.js'
import { thisFile } from '../helpers/this-file.js'

const t = thisFile()

const email = 'new@acme.example'

t.test('changesOf: only what differs from the row', async (t) => {
  const table: [body: UserUpdate, changes: UserChanges][] = [
    [{}, {}],
    [{ profile: {} }, {}],
    [{ username: 'vera', email: 'vera@acme.example', first_name: 'Vera', last_name: 'Vine', is_active: true }, {}],
    [{ profile: { role: 'Group Viewer', groups: ['b', 'a', 'b'], authz_role_id: 'r-1', enterprise: 'x' } }, {}],
    [{ username: 'Vera' }, { username: 'Vera', username_key: nameKey('vera') }],
    [{ email }, { email, email_key: nameKey(email), is_email_verified: false }],
    [{ email: '' }, { email: '', email_key: null, is_email_verified: false }],
    [{ first_name: '', last_name: 'W' }, { first_name: '', last_name: 'W' }],
    [{ is_active: false }, { is_active: false }],
    [{ profile: { role: 'Viewer' } }, { role: 'Viewer' }],
    [{ profile: { groups: ['a', 'b'] } }, { groups: ['a', 'b'] }],
    [{ profile: { groups: [] } }, { groups: [] }],
    [{ profile: { groups: ['c', 'c'] } }, { groups: ['c'] }],
    [{ profile: { authz_role_id: null } }, { authz_role_id: null }],
    [{ profile: { authz_role_id: '' } }, { authz_role_id: '' }],
    // The hash is made before; the text itself is no column.
    [{ password: 'correct horse' }, {}],
  ]
  for (const [body, changes] of table) t.strictSame(changesOf(row(), body, undefined), changes)
})

t.test('changesOf: an address that was not verified stays so without a write', async (t) => {
  t.strictSame(changesOf(row({ is_email_verified: false }), { email }, undefined), { email, email_key: nameKey(email) })
})

t.test('changesOf: a password is a change always', async (t) => {
  t.strictSame(changesOf(row(), { username: 'vera' }, 'hash'), { password_hash: 'hash' })
})

t.test('changesOf: read-only and unknown fields are none', async (t) => {
  const sent = { id: 9, is_superuser: true, is_email_verified: false, last_login: null, password_hash: 'x', role: 'Viewer' }
  t.strictSame(changesOf(row(), sent as UserUpdate, undefined), {})
})
