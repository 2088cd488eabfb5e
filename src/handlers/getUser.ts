import { readUser } from '../users/read.js'
import type { Handler, Output } from './seam.js'

/** GET /user/{user_id}/: one user that the caller may see. */
export const getUser =
  (): Handler<'getUser'> =>
  async (_input, caller): Promise<Output<'getUser'>> => {
    const { user, etag } = readUser(caller)
    return { status: 200, headers: { ETag: etag }, body: user }
  }
