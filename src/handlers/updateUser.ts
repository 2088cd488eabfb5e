import { changeUser } from '../users/change.js'
import { expectedTags } from './if-match.js'
import type { Handler, HandlerDeps, Output } from './seam.js'

/** PUT /user/{user_id}/: changes a user; absent optional fields keep their values. */
export const updateUser =
  (deps: HandlerDeps): Handler<'updateUser'> =>
  async ({ path, body, headers }, caller): Promise<Output<'updateUser'>> => {
    const { user, etag } = await changeUser(deps, caller, path.user_id, body, expectedTags(headers['if-match']))
    return { status: 200, headers: { ETag: etag }, body: user }
  }
