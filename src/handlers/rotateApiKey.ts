import { rotateApiKey as rotate } from '../users/api-keys.js'
import type { Handler, HandlerDeps, Output } from './seam.js'

/** POST /user/{user_id}/api_key/{api_key_id}/rotate/: a new secret for a key of the caller's own. */
export const rotateApiKey =
  (deps: HandlerDeps): Handler<'rotateApiKey'> =>
  async ({ path }, caller): Promise<Output<'rotateApiKey'>> => ({
    status: 201,
    body: await rotate(deps, caller, path.api_key_id),
  })
