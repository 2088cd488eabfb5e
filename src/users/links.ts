/** The links of a page to its neighbours; null where there is none. */
export interface Links {
  readonly next: string | null
  readonly previous: string | null
}

/**
 * The URLs of the pages before and after one (CONTRACT.md, "Objects"). They keep the request's other parameters, behind
 * `limit` and `offset`: existing clients replace the number after the first `offset=`.
 *
 * @param url the absolute URL of the request
 */
export function pageLinks(url: string, page: { limit: number; offset: number; count: number }): Links {
  const { limit, offset, count } = page
  const { origin, pathname, searchParams } = new URL(url)
  searchParams.delete('limit')
  searchParams.delete('offset')
  const others = searchParams.size > 0 ? `&${searchParams.toString()}` : ''
  const at = (position: number) => `${origin}${pathname}?limit=${String(limit)}&offset=${String(position)}${others}`
  return {
    next: offset + limit < count ? at(offset + limit) : null,
    previous: offset > 0 ? at(Math.max(0, offset - limit)) : null,
  }
}

/**
 * The URL of the page of the audit trail behind an entry. It keeps the request's other parameters.
 *
 * @param url the absolute URL of the request
 */
export function trailLink(url: string, limit: number, after: number): string {
  const { origin, pathname, searchParams } = new URL(url)
  searchParams.delete('limit')
  searchParams.delete('after')
  const others = searchParams.size > 0 ? `&${searchParams.toString()}` : ''
  return `${origin}${pathname}?limit=${String(limit)}&after=${String(after)}${others}`
}

/** The links as a `Link` header (RFC 8288); undefined where there are none. */
export function linkHeader({ next, previous }: Links): string | undefined {
  const links = [next && `<${next}>; rel="next"`, previous && `<${previous}>; rel="prev"`].filter(Boolean)
  return links.length > 0 ? links.join(', ') : undefined
}
