import { deleteUser as remove } from '../users/delete.js'
import type { Handler, HandlerDeps, Output } from './seam.js'

/** DELETE /user/{user_id}/: deletes a user and all its keys. */
export const deleteUser =
  ({ db }: HandlerDeps): Handler<'deleteUser'> =>
  async ({ path }, caller): Promise<Output<'deleteUser'>> => {
    await remove(db, caller, path.user_id)
    return { status: 204, body: undefined }
  }
