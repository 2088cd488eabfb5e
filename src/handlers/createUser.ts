import { createUser as create } from '../users/create.js'
import type { Handler, HandlerDeps, Output } from './seam.js'

/** POST /user/: a new user in the caller's enterprise. */
export const createUser =
  (deps: HandlerDeps): Handler<'createUser'> =>
  async ({ body }, caller): Promise<Output<'createUser'>> => ({
    status: 201,
    body: await create(deps, caller, body),
  })
