import { changeUser } from '../users/change.js'
import type { Handler, HandlerDeps, Output } from './seam.js'

/** PUT /user/{user_id}/: changes a user; absent optional fields keep their values. */
export const updateUser =
  (deps: HandlerDeps): Handler<'updateUser'> =>
  async ({ path, body }, caller): Promise<Output<'updateUser'>> => ({
    status: 200,
    body: await changeUser(deps, caller, path.user_id, body),
  })
