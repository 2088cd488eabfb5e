import assert from 'node:assert/strict'
import fc from 'fast-check'
import { sql } from 'kysely'
import { createEnterprise } from '../../src/users/enterprise.js'
import { findEnterprise } from '../../src/db/enterprises.js'
import { findMiscounts } from '../../src/db/verify.js'
import { userWritesOf } from '../../src/db/user-writes.js'
import type { User } from '../../src/users/user.js'
import { makeDirectory } from '../helpers/directory.js'
import { thisFile } from '../helpers/this-file.js'

const t = thisFile()

interface Page {
  readonly count: number
  readonly next: string | null
  readonly previous: string | null
  readonly results: User[]
}

const { call, db } = await makeDirectory(t)

const blank = {
  email: '',
  email_key: null,
  first_name: '',
  last_name: '',
  is_active: true,
  is_superuser: false,
  role: 'Viewer',
  groups: [] as string[],
  authz_role_id: null,
  password_hash: null,
} as const

/** An enterprise whose users' ids have these gaps between them: counts are kept per 1,024 and per 1,048,576 ids. */
async function enterpriseWith(name: string, gaps: readonly number[]): Promise<{ key: string; ids: number[] }> {
  const made = await createEnterprise(db, name, { username: 'owner', email: '' })
  const { id } = (await findEnterprise(db, name))!
  const ids = await db.transaction().execute(async (trx) => {
    const users = userWritesOf(trx, id)
    const inserted: number[] = []
    for (const [at, gap] of gaps.entries()) {
      if (gap > 0) await sql`select setval('user_account_id_seq', nextval('user_account_id_seq') + ${gap}::bigint)`.execute(trx)
      const username = `user${String(at)}`
      inserted.push((await users.insert({ ...blank, username, username_key: username })).id)
    }
    return inserted
  })
  return { key: made.api_key, ids: [made.user_id, ...ids] }
}

/** Fetches a page by a path below `/api` or by a link. */
async function page(link: string, key: string): Promise<Page> {
  const answer = await call(`GET ${link.replace(/^http:\/\/[^/]*\/api/, '')}`, { key })
  if (answer.statusCode !== 200) throw new Error(answer.body)
  return answer.json()
}

async function follow(start: string, rel: 'next' | 'previous', key: string): Promise<Page[]> {
  const pages: Page[] = []
  for (let link: string | null = start; link !== null; link = pages.at(-1)![rel]) pages.push(await page(link, key))
  return pages
}

const idsOf = (pages: readonly Page[]): number[] => pages.flatMap(({ results }) => results.map(({ id }) => id))

let enterprises = 0

t.test('following the links, and all offsets at once, give every user once, by ascending id', async () => {
  const gap = fc.oneof({ arbitrary: fc.constant(0), weight: 5 }, fc.nat(2000), fc.nat(3_000_000))
  const scene = fc.record({
    gaps: fc.array(gap, { maxLength: 40, size: 'max' }),
    deleted: fc.array(fc.nat(), { maxLength: 8 }),
    limit: fc.oneof(fc.integer({ min: 1, max: 12 }), fc.integer({ min: 1, max: 1000 })),
    others: fc.constantFrom('', '&format=json&exclude_google_roles=true', '&xoffset=7&a=b%26offset%3D9'),
    order: fc.array(fc.nat(), { minLength: 41, maxLength: 41 }),
  })

  await fc.assert(
    fc.asyncProperty(scene, async ({ gaps, deleted, limit, others, order }) => {
      const { key, ids } = await enterpriseWith(`e${String(++enterprises)}`, gaps)
      const gone = new Set(deleted.map((at) => ids[at % ids.length]).filter((id) => id !== ids[0]))
      for (const id of gone) await call(`DELETE /user/${String(id)}/`, { key })
      const wanted = ids.filter((id) => !gone.has(id))
      const same = (pages: readonly Page[]) => {
        assert.deepEqual(idsOf(pages), wanted)
        assert(pages.every(({ count }) => count === wanted.length))
      }

      const first = `/user/?limit=${String(limit)}${others}`
      const pages = await follow(first, 'next', key)
      same(pages)
      const last = await page(`/user/?limit=${String(limit)}&offset=${String((pages.length - 1) * limit)}`, key)
      same((await follow(last.previous ?? first, 'previous', key)).reverse().concat(pages.length > 1 ? last : []))

      // As existing clients do: read `count`, then all offsets at once, by the number after `offset=` in `next`.
      const { count, next } = pages[0]!
      const offsets = Array.from({ length: Math.ceil(count / limit) }, (_, at) => at * limit)
      const shuffled = offsets.map((offset, at) => ({ offset, turn: order[at]! })).sort((a, b) => a.turn - b.turn)
      const fetched = await Promise.all(
        shuffled.map(async ({ offset }) => ({
          offset,
          page: await page((next ?? `${first}&offset=0`).replace(/offset=\d+/, `offset=${String(offset)}`), key),
        })),
      )
      same(fetched.sort((a, b) => a.offset - b.offset).map((one) => one.page))

      const past = await page(`/user/?limit=${String(limit)}&offset=${String(count)}`, key)
      assert.deepEqual([past.count, past.next, past.results], [count, null, []])
    }),
    { numRuns: 20 },
  )
})

t.test('the counts are those of the users', async (t) => t.strictSame(await findMiscounts(db), []))
