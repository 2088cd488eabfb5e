import { linkHeader, pageLinks } from '../../src/users/links.js'
import { thisFile } from '../helpers/this-file.js'

const t = thisFile()

const base = 'https://roster.example/api/user/'

t.test('pageLinks: the pages before and after', async (t) => {
  const table: [limit: number, offset: number, count: number, next: number | null, previous: number | null][] = [
    [20, 0, 0, null, null],
    [20, 0, 20, null, null],
    [20, 0, 21, 20, null],
    [20, 20, 21, null, 0],
    [20, 5, 100, 25, 0],
    [1, 1, 3, 2, 0],
    [2, 3, 10, 5, 1],
    [20, 100, 100, null, 80],
    [20, 1000, 100, null, 980],
    [1000, 2 ** 53 - 1, 2 ** 53 - 1, null, 2 ** 53 - 1001],
    [1000, 8_000_000_000_000_000, 2 ** 53 - 1, 8_000_000_000_001_000, 7_999_999_999_999_000],
  ]
  for (const [limit, offset, count, next, previous] of table) {
    const at = (position: number | null) =>
      position === null ? null : `${base}?limit=${String(limit)}&offset=${String(position)}`
    t.strictSame(pageLinks(base, { limit, offset, count }), { next: at(next), previous: at(previous) })
  }
})

t.test('pageLinks: limit and offset come first, the other parameters are kept', async (t) => {
  const next = (query: string) => pageLinks(`${base}?${query}`, { limit: 2, offset: 0, count: 3 }).next
  const start = `${base}?limit=2&offset=2`
  t.equal(next('offset=0&limit=2'), start)
  t.equal(next('%6Fffset=0&lim%69t=2'), start)
  t.equal(next('offset=0&a=1&limit=2&b=&a=2'), `${start}&a=1&b=&a=2`)
  t.equal(next('my_offset=7&Offset=8'), `${start}&my_offset=7&Offset=8`)
  t.equal(new URL(next('email=a%2Bb%40c&q=%26offset%3D9')!).searchParams.get('email'), 'a+b@c')
  t.equal(new URL(next('email=a%2Bb%40c&q=%26offset%3D9')!).searchParams.get('q'), '&offset=9')
})

t.test('linkHeader', async (t) => {
  t.equal(linkHeader({ next: null, previous: null }), undefined)
  t.equal(linkHeader({ next: 'http://n', previous: null }), '<http://n>; rel="next"')
  t.equal(linkHeader({ next: null, previous: 'http://p' }), '<http://p>; rel="prev"')
  t.equal(linkHeader({ next: 'http://n', previous: 'http://p' }), '<http://n>; rel="next", <http://p>; rel="prev"')
})
