import type { Caller } from '../auth/authenticate.js'
import type { Fault } from '../errors.js'
import { bodyFaults } from '../users/faults.js'
import { createApiKey } from './createApiKey.js'
import { createUser } from './createUser.js'
import { deleteUser } from './deleteUser.js'
import { getTokenInfo } from './getTokenInfo.js'
import { getUser } from './getUser.js'
import { getUserInfo } from './getUserInfo.js'
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
    login: login(deps),
    getTokenInfo: getTokenInfo(deps),
    listApiKeys: listApiKeys(deps),
    createApiKey: createApiKey(deps),
    rotateApiKey: rotateApiKey(deps),
    revokeApiKey: revokeApiKey(deps),
    logout: logout(deps),
  }
}

/** What is wrong with a body that its schema can't express and that needs no stored data. The body may break the schema. */
export type BodyRule = (caller: Caller, body: unknown) => Fault[]

/** The body rules of the operations that have one. */
export function createBodyRules({ passwords }: HandlerDeps): { readonly [Id in OperationId]?: BodyRule } {
  const user: BodyRule = (caller, body) => bodyFaults(passwords, caller, body)
  return { createUser: user, updateUser: user, partialUpdateUser: user }
}
