import { listKeys } from '../users/api-keys.js'
import { linkHeader, pageLinks } from '../users/links.js'
import type { Handler, HandlerDeps, Output } from './seam.js'

/** GET /user/{user_id}/api_key/: one page of the keys of a user. */
export const listApiKeys =
  ({ db }: HandlerDeps): Handler<'listApiKeys'> =>
  async ({ query, url }, caller): Promise<Output<'listApiKeys'>> => {
    const { count, results } = await listKeys(db, caller, query)
    const links = pageLinks(url(), { ...query, count })
    return { status: 200, headers: { Link: linkHeader(links) }, body: { count, ...links, results } }
  }
