import { linkHeader, pageLinks } from '../users/links.js'
import { readPage } from '../users/read.js'
import type { Handler, HandlerDeps, Output } from './seam.js'

/** GET /user/: one page of the users that the caller may see. */
export const listUsers =
  ({ db }: HandlerDeps): Handler<'listUsers'> =>
  async ({ query, url }, caller): Promise<Output<'listUsers'>> => {
    const { count, results } = await readPage(db, caller, query)
    const links = pageLinks(url(), { ...query, count })
    return { status: 200, headers: { Link: linkHeader(links) }, body: { count, ...links, results } }
  }
