import { revokeApiKey as revoke } from '../users/api-keys.js'
import type { Handler, HandlerDeps, Output } from './seam.js'

/** DELETE /user/{user_id}/api_key/{api_key_id}/: revokes a key. */
export const revokeApiKey =
  ({ db }: HandlerDeps): Handler<'revokeApiKey'> =>
  async ({ path }, caller): Promise<Output<'revokeApiKey'>> => {
    await revoke(db, caller, path)
    return { status: 204, body: undefined }
  }
