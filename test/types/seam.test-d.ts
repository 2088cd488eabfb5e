// Nothing here runs: that it compiles is the test. A line under `@ts-expect-error` that compiles is an error of tsc.
import type { Handler, Handlers, Input, OperationId, Output } from '../../src/handlers/seam.js'
import type { User } from '../../src/users/user.js'

declare const all: Handlers
declare const user: User
declare const input: { readonly [Id in OperationId]: Input<Id> }

// The map of handlers is total, and holds nothing else.
export const total: Handlers = { ...all }
const { deleteUser, ...others } = all
// @ts-expect-error -- a missing operation
export const missing: Handlers = others
// @ts-expect-error -- an unknown operation
export const unknown: Handlers = { ...others, deleteUser, dropUser: deleteUser }
// @ts-expect-error -- the handler of another operation
export const swapped: Handlers = { ...others, deleteUser: all.getUser }

// The statuses and bodies of the contract, and no others.
export const read: Output<'getUserInfo'> = { status: 200, body: user }
export const created: Output<'createUser'> = {
  status: 201,
  headers: { ETag: '"1"', 'Idempotency-Replayed': undefined },
  body: user,
}
// @ts-expect-error -- no ETag
export const untagged: Output<'getUser'> = { status: 200, body: user }
export const deleted: Output<'deleteUser'> = { status: 204, body: undefined }
// @ts-expect-error -- an undeclared status
export const accepted: Output<'getUserInfo'> = { status: 202, body: user }
// @ts-expect-error -- a success of other operations
export const notCreated: Output<'createUser'> = { ...created, status: 200 }
// @ts-expect-error -- a refusal is thrown, not returned
export const refused: Output<'getUserInfo'> = { status: 404, body: user }
// @ts-expect-error -- a body where there is none
export const deletedUser: Output<'deleteUser'> = { status: 204, body: user }
// @ts-expect-error -- no body
export const empty: Output<'getUserInfo'> = { status: 200 }

// The fields of the contract.
const { token, ...withoutToken } = user
export const whole: Output<'getUserInfo'> = { status: 200, body: { ...withoutToken, token } }
// @ts-expect-error -- a missing field
export const lacking: Output<'getUserInfo'> = { status: 200, body: withoutToken }
// @ts-expect-error -- a field of another type
export const mistyped: Output<'getUserInfo'> = { status: 200, body: { ...user, id: '1' } }
// @ts-expect-error -- null where the contract has none
export const nulled: Output<'getUserInfo'> = { status: 200, body: { ...user, email: null } }
// @ts-expect-error -- a role that the contract does not know
export const role: Output<'getUserInfo'> = { status: 200, body: { ...user, profile: { ...user.profile, role: 'Owner' } } }
// @ts-expect-error -- a leaked field
export const leaked: Output<'getUserInfo'> = { status: 200, body: { ...user, password_hash: 'secret' } }
export const leaking: Handler<'getUserInfo'> = async (): Promise<Output<'getUserInfo'>> => ({
  status: 200,
  // @ts-expect-error -- a leaked field, where the return type is written out
  body: { ...user, password_hash: 'secret' },
})

// The headers that a handler must give.
const list = { count: 1, next: null, previous: null, results: [user] }
export const listed: Output<'listUsers'> = { status: 200, headers: { Link: undefined }, body: list }
// @ts-expect-error -- no Link
export const unlinked: Output<'listUsers'> = { status: 200, body: list }
// @ts-expect-error -- headers without Link
export const otherwise: Output<'listUsers'> = { status: 200, headers: {}, body: list }
// @ts-expect-error -- an undeclared header
export const headed: Output<'listUsers'> = { status: 200, headers: { Link: undefined, Location: '/' }, body: list }
// @ts-expect-error -- a header where the contract declares none for handlers
export const headedUser: Output<'getUserInfo'> = { status: 200, headers: { Link: undefined }, body: user }

// What a handler may read.
export const declared: [number, number, string | undefined, number, string | undefined, string, boolean | undefined, string | undefined, string | undefined] = [
  input.listUsers.query.limit,
  input.listUsers.query.offset,
  input.listUsers.query.username,
  input.getUser.path.user_id,
  input.getUserInfo.headers['x-tenant'],
  input.createUser.body.username,
  input.partialUpdateUser.body.is_active,
  input.deleteUser.headers['if-match'],
  input.createUser.headers['idempotency-key'],
]
// @ts-expect-error -- an undeclared query parameter
export const query: unknown = input.listUsers.query.format
// @ts-expect-error -- a query parameter of another operation
export const otherQuery: unknown = input.getUser.query.limit
// @ts-expect-error -- an undeclared header
export const header: unknown = input.getUserInfo.headers.authorization
// @ts-expect-error -- a header as the contract spells it; Node gives them in lower case
export const spelled: unknown = input.getUserInfo.headers['X-Tenant']
// @ts-expect-error -- a header of another operation
export const otherHeader: unknown = input.listUsers.headers['x-tenant']
// @ts-expect-error -- an undeclared part of the path
export const path: unknown = input.getUser.path.enterprise_id
// @ts-expect-error -- a path without parameters
export const otherPath: unknown = input.listUsers.path.user_id
// @ts-expect-error -- an undeclared field of the body
export const field: unknown = input.createUser.body.is_superuser
// @ts-expect-error -- a field of the body where there is none
export const bodiless: unknown = input.deleteUser.body.username
// @ts-expect-error -- an optional field is not always there
export const optional: string = input.partialUpdateUser.body.username
// @ts-expect-error -- an optional filter is not always there
export const filter: string = input.listUsers.query.username
// @ts-expect-error -- requests are read, not written
input.createUser.body = input.updateUser.body
