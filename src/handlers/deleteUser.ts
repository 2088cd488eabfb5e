import { deleteUser as remove } from '../users/delete.js'
import { expectedTags } from './if-match.js'
import type { Handler, HandlerDeps, Output } from './seam.js'

/** DELETE /user/{user_id}/: deletes a user and all its keys. */
export const deleteUser =
  ({ db }: HandlerDeps): Handler<'deleteUser'> =>
  async ({ path, headers }, caller): Promise<Output<'deleteUser'>> => {
    await remove(db, caller, path.user_id, expectedTags(headers['if-match']))
    return { status: 204, body: undefined }
  }
