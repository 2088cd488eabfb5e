import { checkTenant } from '../auth/authenticate.js'
import { readSelf } from '../users/read.js'
import type { Handler, HandlerDeps, Output } from './seam.js'

/** GET /user_info/: the caller, with the key it presented. */
export const getUserInfo =
  ({ db }: HandlerDeps): Handler<'getUserInfo'> =>
  async ({ headers }, caller): Promise<Output<'getUserInfo'>> => {
    await checkTenant(db, caller, headers)
    return { status: 200, body: readSelf(caller) }
  }
