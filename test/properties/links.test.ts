import fc from 'fast-check'
import { linkHeader, pageLinks } from '../../src/users/links.js'
import { thisFile } from '../helpers/this-file.js'

const t = thisFile()

const MOST = Number.MAX_SAFE_INTEGER
const page = fc.record({
  limit: fc.integer({ min: 1, max: 1000 }),
  offset: fc.oneof(fc.nat(50), fc.integer({ min: 0, max: MOST })),
  count: fc.oneof(fc.nat(100), fc.integer({ min: 0, max: MOST })),
})
// Other parameters of the caller, repeated ones and ones that look like ours too.
const other = fc.tuple(
  fc.oneof(fc.string({ unit: 'grapheme' }), fc.constantFrom('format', 'xoffset', 'offset[]', 'limit2', 'Offset', '&offset=5')),
  fc.string({ unit: 'grapheme' }),
)
const others = fc.array(other.filter(([name]) => name !== 'limit' && name !== 'offset'), { maxLength: 5 })
const origin = fc.constantFrom('http://127.0.0.1:3000', 'https://roster.example', 'http://[::1]:8080')

const urlOf = (start: string, parameters: [string, string][]) =>
  `${start}/api/user/?${new URLSearchParams(parameters).toString()}`

t.test('a link is the request with another limit and offset', async () => {
  fc.assert(
    fc.property(origin, others, page, fc.boolean(), (start, parameters, { limit, offset, count }, ours) => {
      const mine: [string, string][] = ours ? [['offset', String(offset)], ['limit', String(limit)]] : []
      const links = pageLinks(urlOf(start, [...parameters, ...mine]), { limit, offset, count })
      const at = (position: number) =>
        urlOf(start, [['limit', String(limit)], ['offset', String(position)], ...parameters])
      return (
        links.next === (offset + limit < count ? at(offset + limit) : null) &&
        links.previous === (offset > 0 ? at(Math.max(0, offset - limit)) : null)
      )
    }),
    { numRuns: 1000 },
  )
})

t.test('the first number after "offset=" is the one that clients replace', async () => {
  fc.assert(
    fc.property(others, page, fc.nat(), (parameters, { limit, offset, count }, position) => {
      const { next } = pageLinks(urlOf('http://a', parameters), { limit, offset, count })
      if (next === null) return true
      const url = new URL(next.replace(/offset=\d+/, `offset=${String(position)}`))
      return url.searchParams.get('offset') === String(position) && url.searchParams.getAll('offset').length === 1
    }),
    { numRuns: 1000 },
  )
})

t.test('the header names the same links', async () => {
  fc.assert(
    fc.property(others, page, (parameters, numbers) => {
      const links = pageLinks(urlOf('http://a', parameters), numbers)
      const named = [...(linkHeader(links) ?? '').matchAll(/<([^>]*)>; rel="(next|prev)"/g)].map(([, url, rel]) => [rel, url])
      const wanted = [['next', links.next], ['prev', links.previous]].filter(([, url]) => url !== null)
      return JSON.stringify(named) === JSON.stringify(wanted)
    }),
  )
})
