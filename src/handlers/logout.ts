import { signOut } from '../users/sign-in.js'
import type { Handler, HandlerDeps, Output } from './seam.js'

/** POST /logout/: revokes the presented key. */
export const logout =
  (deps: HandlerDeps): Handler<'logout'> =>
  async (_input, caller): Promise<Output<'logout'>> => {
    await signOut(deps, caller)
    return { status: 204, body: undefined }
  }
