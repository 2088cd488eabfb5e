import { createUser as create } from '../users/create.js'
import { makeOnce } from '../users/once.js'
import { idempotencyKeyOf } from './idempotency-key.js'
import type { Handler, HandlerDeps, Output } from './seam.js'

/** POST /user/: a new user in the caller's enterprise. */
export const createUser = (deps: HandlerDeps): Handler<'createUser'> => {
  const doOnce = makeOnce(deps)
  return async ({ body, headers }, caller): Promise<Output<'createUser'>> => {
    const key = idempotencyKeyOf(headers['idempotency-key'])
    const { user, etag, replayed } =
      key === undefined
        ? await create(deps, caller, body)
        : await doOnce(caller, { operation: 'createUser', key, body }, (once) => create(deps, caller, body, once))
    return { status: 201, headers: { ETag: etag, 'Idempotency-Replayed': replayed ? 'true' : undefined }, body: user }
  }
}
