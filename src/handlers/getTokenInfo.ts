import { readTokenInfo } from '../users/api-keys.js'
import type { Handler, HandlerDeps, Output } from './seam.js'

/** GET /v1/token-info/: what the presented key is and whose. */
export const getTokenInfo =
  ({ db }: HandlerDeps): Handler<'getTokenInfo'> =>
  async (_input, caller): Promise<Output<'getTokenInfo'>> => ({
    status: 200,
    body: await readTokenInfo(db, caller),
  })
