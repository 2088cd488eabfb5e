import { readUser } from '../users/read.js'
import type { Handler, HandlerDeps, Output } from './seam.js'

/** GET /user/{user_id}/: one user that the caller may see. */
export const getUser =
  ({ db }: HandlerDeps): Handler<'getUser'> =>
  async ({ path }, caller): Promise<Output<'getUser'>> => ({
    status: 200,
    body: await readUser(db, caller, path.user_id),
  })
