import { createApiKey as create } from '../users/api-keys.js'
import type { Handler, HandlerDeps, Output } from './seam.js'

/** POST /user/{user_id}/api_key/: a new key of the caller's own. */
export const createApiKey =
  (deps: HandlerDeps): Handler<'createApiKey'> =>
  async ({ body }, caller): Promise<Output<'createApiKey'>> => ({
    status: 201,
    body: await create(deps, caller, body),
  })
