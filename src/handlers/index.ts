import type { IncomingHttpHeaders } from 'node:http'
import type { Caller } from '../auth/authenticate.js'
import type { Fault } from '../errors.js'
import { bodyFaults } from '../users/faults.js'
import { createApiKey } from './createApiKey.js'
import { createUser } from './createUser.js'
import { deleteUser } from './deleteUser.js'
import { getTokenInfo } from './getTokenInfo.js'
import { getUser } from './getUser.js'
import { getUserInfo } from './getUserInfo.js'
import { idempotencyKeyFaults } from './idempotency-key.js'
import { ifMatchFaults } from './if-match.js'
import { listAuditEntries } from './listAuditEntries.js'
import { listApiKeys } from './listApiKeys.js'
import { listUsers } from './listUsers.js'
import { login } from './login.js'
import { logout } from './logout.js'
import { partialUpdateUser } from './partialUpdateUser.js'
import { revokeApiKey } from './revokeApiKey.js'
import { rotateApiKey } from './rotateApiKey.js'
import type { HandlerDeps, Handlers, OperationId } from './seam.js'
import { updateUser } from './updateUser.js'

/** All handlers. Total over the contract's operations, or it does not compile. */
export function createHandlers(deps: HandlerDeps): Handlers {
  return {
    getUserInfo: getUserInfo(deps),
    listUsers: listUsers(deps),
    createUser: createUser(deps),
    getUser: getUser(),
    updateUser: updateUser(deps),
    partialUpdateUser: partialUpdateUser(deps),
    deleteUser: deleteUser(deps),
    listAuditEntries: listAuditEntries(deps),
    login: login(deps),
    getTokenInfo: getTokenInfo(deps),
    listApiKeys: listApiKeys(deps),
    createApiKey: createApiKey(deps),
    rotateApiKey: rotateApiKey(deps),
    revokeApiKey: revokeApiKey(deps),
    logout: logout(deps),
  }
}

/**
 * What is wrong with a request that the schema of its body can't express and that needs no stored data. The body may break
 * the schema; the headers are as Node has them.
 */
export type RequestRule = (caller: Caller, body: unknown, headers: IncomingHttpHeaders) => Fault[]

/** The rules of the operations that have one. */
export function createRequestRules({ passwords }: Pick<HandlerDeps, 'passwords'>): { readonly [Id in OperationId]?: RequestRule } {
  const change: RequestRule = (caller, body, headers) => [
    ...ifMatchFaults(headers['if-match']),
    ...bodyFaults(passwords, caller, body),
  ]
  return {
    createUser: (caller, body, headers) => [
      ...idempotencyKeyFaults(headers['idempotency-key'] as string | undefined),
      ...bodyFaults(passwords, caller, body),
    ],
    updateUser: change,
    partialUpdateUser: change,
    deleteUser: (_caller, _body, headers) => ifMatchFaults(headers['if-match']),
  }
}
