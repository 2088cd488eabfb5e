import { makeSignIn } from '../users/sign-in.js'
import type { Handler, HandlerDeps, Output } from './seam.js'

/** POST /login/: a key for the user whose password is sent. */
export const login = (deps: HandlerDeps): Handler<'login'> => {
  const signIn = makeSignIn(deps)
  return async ({ body, headers, address, request_id, waiter }): Promise<Output<'login'>> => {
    // What is not sent is refused as what is unknown.
    const sent: Partial<typeof headers> = headers
    const { 'x-tenant': tenant = '', 'x-client-id': client } = sent
    return { status: 200, body: await signIn({ ...body, tenant, client, address: address(), request_id, waiter }) }
  }
}
