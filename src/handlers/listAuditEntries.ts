import { readTrail } from '../users/read-trail.js'
import { linkHeader } from '../users/links.js'
import type { Handler, HandlerDeps, Output } from './seam.js'

/** GET /audit/: one page of the changes in the caller's enterprise. */
export const listAuditEntries =
  ({ db }: HandlerDeps): Handler<'listAuditEntries'> =>
  async ({ query, url }, caller): Promise<Output<'listAuditEntries'>> => {
    const body = await readTrail(db, caller, query, url)
    return { status: 200, headers: { Link: linkHeader({ next: body.next, previous: null }) }, body }
  }
