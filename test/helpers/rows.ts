import type { KeyOwner } from '../../src/db/lookups.js'
import type { UserRow } from '../../src/db/users.js'

/** A stored Group Viewer with all fields set, or with others. */
export const row = (fields: Partial<UserRow> = {}): UserRow => ({
  id: 1,
  username: 'vera',
  email: 'vera@acme.example',
  first_name: 'Vera',
  last_name: 'Vine',
  is_active: true,
  is_superuser: false,
  is_email_verified: true,
  role: 'Group Viewer',
  groups: ['b', 'a'],
  authz_role_id: 'r-1',
  last_login: null,
  created_on: '2026-01-05T09:00:00.000Z',
  updated_on: '2026-01-06T09:00:00.000Z',
  xmin: '753',
  ...fields,
})

/** The enterprise of the rows. */
export const enterprise: KeyOwner['enterprise'] = {
  id: 7,
  uuid: '5b7c1f0e-9a53-4c8e-8d1f-0f3c2a9be411',
  name: 'acme',
  google_enterprise_id: null,
}
