import { createHash } from 'node:crypto'

/** A user as `pg` reads it, by the columns of `statements.ts`. */
export interface UserRow {
  readonly id: string
  readonly username: string
  readonly email: string
  readonly first_name: string
  readonly last_name: string
  readonly is_active: boolean
  readonly is_superuser: boolean
  readonly is_email_verified: boolean
  readonly role: string
  readonly groups: string[]
  readonly authz_role_id: string | null
  readonly last_login: Date | null
  readonly created_on: Date
  readonly updated_on: Date
}

/** What answers show of an enterprise. */
export interface EnterpriseRow {
  readonly enterprise: string
  readonly google_enterprise_id: string | null
}

/** A user as the contract has it, written anew here, so that the server is compared with more than itself. */
export function userOf(row: UserRow, { enterprise, google_enterprise_id }: EnterpriseRow, token: string | null = null) {
  return {
    id: Number(row.id),
    username: row.username,
    email: row.email,
    first_name: row.first_name,
    last_name: row.last_name,
    full_name: `${row.first_name} ${row.last_name}`.trim(),
    is_active: row.is_active,
    is_staff: row.is_superuser || row.role === 'Enterprise Admin',
    is_superuser: row.is_superuser,
    profile: {
      role: row.role,
      groups: row.groups,
      authz_role_id: row.authz_role_id,
      enterprise,
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

/** One page as the contract has it. */
export function pageOf(
  origin: string,
  page: { readonly limit: number; readonly offset: number; readonly count: number },
  results: readonly ReturnType<typeof userOf>[],
) {
  const { limit, offset, count } = page
  const at = (position: number) => `${origin}/api/user/?limit=${String(limit)}&offset=${String(position)}`
  return {
    count,
    next: offset + limit < count ? at(offset + limit) : null,
    previous: offset > 0 ? at(Math.max(0, offset - limit)) : null,
    results,
  }
}

/** The number of the enterprise and the hash that a key is looked up by. Nothing is checked. */
export function lookUpBy(key: string): [enterprise_id: number, hash: Buffer] {
  return [Number.parseInt(key.split('_')[1] ?? '', 36), createHash('sha256').update(key).digest()]
}

/** The user that `hello` answers with. */
export const constantUser = userOf(
  {
    id: '4711',
    username: 'Carol.Carter.4711',
    email: 'carol.carter.4711@big.example',
    first_name: 'Carol',
    last_name: 'Carter',
    is_active: true,
    is_superuser: false,
    is_email_verified: true,
    role: 'Group Viewer',
    groups: ['engineering', 'sales-31'],
    authz_role_id: null,
    last_login: new Date('2026-01-02T03:04:05.678Z'),
    created_on: new Date('2025-01-02T03:04:05.678Z'),
    updated_on: new Date('2026-01-02T03:04:05.678Z'),
  },
  { enterprise: '993e3554-0e17-4410-96fa-8c458481963b', google_enterprise_id: null },
)
