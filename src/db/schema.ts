import type { ColumnType, Generated } from 'kysely'
import type { components } from '../../generated/openapi.js'
import type { AuditEntry, AuditValues } from './audit-chain.js'

/** A role of the contract, as stored. */
export type Role = components['schemas']['Role']

/** A timestamp that the database sets when the row is made. */
type MadeOn = ColumnType<Date, never, never>

/** One customer. A reference table: small, and the only one that does not lead its keys with `enterprise_id`. */
export interface EnterpriseTable {
  /** Drawn at random below 2^48; part of every key, so that a look-up touches one shard. */
  id: number
  uuid: string
  name: string
  google_enterprise_id: string | null
  created_on: MadeOn
}

/** One user of one enterprise. */
export interface UserAccountTable {
  enterprise_id: number
  id: ColumnType<number, never, never>
  username: string
  /** Digest of the folded name (`names.ts`); what uniqueness is decided by. */
  username_key: string
  email: string
  /** Digest of the folded address, null when there is none. */
  email_key: string | null
  first_name: string
  last_name: string
  is_active: boolean
  is_superuser: boolean
  is_email_verified: Generated<boolean>
  role: Role
  groups: string[]
  authz_role_id: string | null
  password_hash: string | null
  last_login: Date | null
  created_on: MadeOn
  updated_on: ColumnType<Date, never, Date>
  /** Postgres's version of the row: the number of the transaction that wrote it, another one at each write. */
  xmin: ColumnType<string, never, never>
}

/** How many users an enterprise has in a block of ids: level 1 is `id >> 10`, level 2 `id >> 20`. */
export interface UserCountTable {
  enterprise_id: number
  level: number
  block: number
  n: number
}

/** A key of a user. Only its SHA-256 is stored. */
export interface ApiKeyTable {
  enterprise_id: number
  hash: Buffer
  user_id: number
  /** For paths of the API: the hash is not for showing. */
  id: ColumnType<string, never, never>
  name: Generated<string>
  /** Made by its user or the command line, or by a sign-in. */
  kind: Generated<'made' | 'sign-in'>
  read_only: Generated<boolean>
  /** The key up to the fourth character of its secret, for display. */
  prefix: string
  created_on: MadeOn
  expires_on: Date
  revoked_on: Date | null
  last_used_on: Date | null
  /** When it was rotated; it works until `expires_on`. */
  replaced_on: Date | null
}

/** A client (`X-Client-Id`) that is registered for an enterprise. */
export interface ClientTable {
  enterprise_id: number
  name: string
  created_on: MadeOn
}

/** An answer that is kept under the idempotency key of its request. */
export interface IdempotencyKeyTable {
  enterprise_id: number
  /** The caller. */
  user_id: number
  operation: string
  /** SHA-256 of the client's key. */
  key_hash: Buffer
  /** HMAC-SHA-256 of the request's body. */
  body_hmac: Buffer
  status: number
  /** The body of the answer. */
  body: ColumnType<unknown, string, string>
  etag: string
  /** The user whom the answer shows. */
  target_id: number
  created_on: ColumnType<Date, never, Date>
}

/** One change in an enterprise: inserted, read, and removed by a prune, never updated. */
export interface AuditEntryTable {
  enterprise_id: number
  seq: number
  created_on: ColumnType<Date, string, never>
  action: AuditEntry['action']
  source: AuditEntry['source']
  actor_id: number | null
  key_prefix: string | null
  request_id: string | null
  target_type: AuditEntry['target_type']
  target: string
  user_id: number | null
  before: ColumnType<AuditValues, string, never>
  after: ColumnType<AuditValues, string, never>
  prev: Buffer
  hash: Buffer
}

/** The last entry of an enterprise, and the last one that was pruned (0: none). */
export interface AuditHeadTable {
  enterprise_id: number
  seq: number
  hash: Buffer
  pruned_seq: Generated<number>
  pruned_hash: Buffer
}

/** How often a network failed to sign in to an account, by its digest, or with `''` to any, until the count ends. */
export interface SignInFailureTable {
  network: string
  account: string
  /** Failures, plus tries in progress. */
  n: number
  /** Tries in progress, until `held_until`. After that, their server has died, and they count as failures. */
  held: number
  held_until: Date
  ends_on: Date
}

/** A network that a user signed in from. */
export interface SignInNetworkTable {
  enterprise_id: number
  user_id: number
  network: string
  last_on: Date
}

/** The tables, as Kysely sees them. `migrations/` makes them. */
export interface Database {
  enterprise: EnterpriseTable
  user_account: UserAccountTable
  user_count: UserCountTable
  api_key: ApiKeyTable
  client: ClientTable
  idempotency_key: IdempotencyKeyTable
  audit_entry: AuditEntryTable
  audit_head: AuditHeadTable
  sign_in_failure: SignInFailureTable
  sign_in_network: SignInNetworkTable
}
