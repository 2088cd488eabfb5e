import { checkTenant } from '../auth/authenticate.js'
import { toUser } from '../users/user.js'
import type { Handler, HandlerDeps, Output } from './seam.js'

/** GET /user_info/: the caller, with the key it presented. */
export const getUserInfo =
  ({ db }: HandlerDeps): Handler<'getUserInfo'> =>
  async ({ headers }, caller): Promise<Output<'getUserInfo'>> => {
    await checkTenant(db, caller, headers)
    return { status: 200, body: toUser(caller.user, caller.enterprise, caller.key) }
  }
