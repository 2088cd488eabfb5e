import { changeUser } from '../users/change.js'
import type { Handler, HandlerDeps, Output } from './seam.js'

/** PATCH /user/{user_id}/: changes the fields that are sent. */
export const partialUpdateUser =
  (deps: HandlerDeps): Handler<'partialUpdateUser'> =>
  async ({ path, body }, caller): Promise<Output<'partialUpdateUser'>> => ({
    status: 200,
    body: await changeUser(deps, caller, path.user_id, body),
  })
