import { changeUser } from '../users/change.js'
import { expectedTags } from './if-match.js'
import type { Handler, HandlerDeps, Output } from './seam.js'

/** PATCH /user/{user_id}/: changes the fields that are sent. */
export const partialUpdateUser =
  (deps: HandlerDeps): Handler<'partialUpdateUser'> =>
  async ({ path, body, headers }, caller): Promise<Output<'partialUpdateUser'>> => {
    const { user, etag } = await changeUser(deps, caller, path.user_id, body, expectedTags(headers['if-match']))
    return { status: 200, headers: { ETag: etag }, body: user }
  }
