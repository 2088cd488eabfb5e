import { hash } from 'node:crypto'
import fc from 'fast-check'
import { sql } from 'kysely'
import { auditOf, auditEntriesOf, COMMAND_LINE } from '../../src/db/audit.js'
import { type AuditEntry, canonical, hashOf } from '../../src/db/audit-chain.js'
import { verifyAudit } from '../../src/db/audit-verify.js'
import { character } from '../helpers/arbitraries.js'
import { freshDatabase } from '../helpers/database.js'
import { thisFile } from '../helpers/this-file.js'

const t = thisFile()

/** The same value with the members of every object in another order. */
function reversed(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(reversed)
  if (typeof value !== 'object' || value === null) return value
  return Object.fromEntries(Object.entries(value).reverse().map(([name, member]) => [name, reversed(member)]))
}

const json = fc.jsonValue({ maxDepth: 4, stringUnit: 'binary' })
const text = fc.string({ unit: character, maxLength: 20 }).filter((one) => !/[\p{Cc}\p{Cs}]/u.test(one))

t.test('the canonical form', async (t) => {
  await t.test('says the same as the value, whatever the order of members', async () => {
    fc.assert(
      fc.property(json, (value) => {
        const form = canonical(value)
        return form === canonical(JSON.parse(form)) && form === canonical(reversed(value)) && form === canonical(JSON.parse(JSON.stringify(value)))
      }),
      { numRuns: 1000 },
    )
  })
  await t.test('differs for texts that differ', async () => {
    fc.assert(fc.property(text, text, (a, b) => (a === b) === (canonical({ a }) === canonical({ a: b }))))
  })
  await t.test('is that of RFC 8785', async (t) => {
    // Section 3.2.3: the order of UTF-16 code units, in which a pair of surrogates comes before U+FB33.
    const names = { '\u20ac': 1, '\r': 2, '\ufb33': 3, '1': 4, '\ud83d\ude00': 5, '\u0080': 6, '\u00f6': 7 }
    t.equal(canonical(names), '{"\\r":2,"1":4,"\u0080":6,"ö":7,"€":1,"😀":5,"\ufb33":3}')
    t.equal(canonical({ b: [1e21, 0.1, -0, true, null], a: '\u001f"\\/' }), '{"a":"\\u001f\\"\\\\/","b":[1e+21,0.1,0,true,null]}')
    t.equal(canonical({ a: undefined, b: {} }), '{"b":{}}')
  })
})

t.test('an entry comes back from the database as it was hashed', async (t) => {
  const { db } = await freshDatabase(t)
  const ours = { id: 1, uuid: '5b7c1f0e-9a53-4c8e-8d1f-0f3c2a9be411' }
  await sql`insert into enterprise (id, uuid, name) values (1, ${ours.uuid}, 'ours')`.execute(db)
  const values = fc.record(
    { username: text, email: text, is_active: fc.boolean(), pruned_seq: fc.maxSafeNat(), google_enterprise_id: fc.option(text) },
    { requiredKeys: [] },
  )
  const id = fc.option(fc.integer({ min: 1, max: Number.MAX_SAFE_INTEGER }))
  await fc.assert(
    fc.asyncProperty(values, values, text, id, async (before, after, target, user_id) => {
      const change = { action: 'user.update', target_type: 'user', target, user_id, before, after } as const
      await db.transaction().execute((trx) => auditOf(trx, ours).append(COMMAND_LINE, change))
      const [entry] = await auditEntriesOf(db, ours).list({ limit: 1, order: 'newest' })
      const exported = JSON.parse(JSON.stringify(entry)) as AuditEntry
      const { hash: stored, ...others } = exported
      return (
        canonical([exported.before, exported.after, exported.target, exported.user_id]) === canonical([before, after, target, user_id]) &&
        /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{6}Z$/.test(exported.created_on) &&
        // As who reads only an export can compute it.
        stored === hash('sha256', canonical(others)) &&
        stored === hashOf(reversed(exported) as AuditEntry)
      )
    }),
    { numRuns: 100 },
  )
  t.strictSame((await verifyAudit(db, ours)).faults, [])
})
