import { setTimeout as delay } from 'node:timers/promises'
import { sql } from 'kysely'
import { createKey } from '../../../src/auth/made-keys.js'
import { auditEntriesOf, pruneAudit } from '../../../src/db/audit.js'
import { verifyAudit } from '../../../src/db/audit-verify.js'
import { findEnterprise } from '../../../src/db/enterprises.js'
import type { User } from '../../../src/users/user.js'
import { makeDirectory } from '../../helpers/directory.js'
import { secondServer } from '../../helpers/process.js'
import { thisFile } from '../../helpers/this-file.js'

const t = thisFile()

const directory = await makeDirectory(t)
const { db } = directory
const acme = (await findEnterprise(db, 'acme'))!
const servers = [directory.call, await secondServer(t, directory)]
// Writes of one caller wait for each other, since each locks its caller: so there are several.
const callers = [directory.superuser, directory.admin.key]
for (const username of ['ada', 'ben', 'cleo']) {
  await directory.create({ username, profile: { role: 'Enterprise Admin' } })
  callers.push(await directory.keyOf(username))
}
const trail = () => auditEntriesOf(db, acme).list({ limit: 10_000 })
const twenty = Array.from({ length: 20 }, (_, at) => at)

t.test('twenty writes of one enterprise at once: one chain without a gap', async (t) => {
  for (const round of [1, 2, 3]) {
    const before = (await trail()).length
    const answers = await Promise.all(
      twenty.map((at) =>
        servers[at % 2]!('POST /user/', {
          key: callers[at % callers.length]!,
          json: { username: `user-${String(round)}-${String(at)}`, profile: {} },
        }),
      ),
    )
    t.ok(answers.every(({ statusCode }) => statusCode === 201))
    const users = answers.map((answer) => answer.json<User>())
    // Changes, deletes and keys of the same users at once, in every order of locks.
    const writes = await Promise.all(
      users.flatMap(({ id, username }, at) => {
        const key = callers[at % callers.length]!
        const path = `/user/${String(id)}/`
        return [
          servers[0]!(`PATCH ${path}`, { key, json: { first_name: 'x' } }).then(({ statusCode }) => statusCode === 200),
          servers[1]!(`DELETE ${path}`, { key: callers[(at + 1) % callers.length]! }).then(({ statusCode }) => statusCode === 204),
          createKey(db, acme, username).then(() => true, () => false),
        ]
      }),
    )
    const entries = await trail()
    t.equal(entries.length, before + 20 + writes.filter(Boolean).length, 'an entry a change, and none for what was refused')
    t.strictSame(entries.map(({ seq }) => seq), entries.map((_, at) => at + 1))
    t.match(await verifyAudit(db, acme), { entries: entries.length, seq: entries.length, faults: [], more: 0 })
  }
})

t.test('prunes at once: the first one says so in the trail, the others find it done', async (t) => {
  const before = new Date()
  const lock = await db.startTransaction().execute()
  await lock.selectFrom('audit_head').select('seq').where('enterprise_id', '=', acme.id).forUpdate().execute()
  const prunes = [1, 2, 3].map(() => pruneAudit(db, acme, before, false))
  // They have looked for the place, and wait for the head.
  await delay(300)
  await lock.rollback().execute()
  await Promise.all(prunes)
  t.strictSame((await trail()).map(({ action }) => action), ['audit.prune'])
  t.match(await verifyAudit(db, acme), { faults: [] })
})

t.test('twenty first changes at once, of an enterprise that is older than the trail', async (t) => {
  const old = (await findEnterprise(db, 'globex'))!
  await sql`delete from audit_entry where enterprise_id = ${old.id}`.execute(db)
  await sql`delete from audit_head where enterprise_id = ${old.id}`.execute(db)
  t.strictSame((await verifyAudit(db, old)).faults, [], 'one without changes is right')
  await Promise.all(twenty.map(() => createKey(db, old, 'gina')))
  t.match(await verifyAudit(db, old), { entries: 20, seq: 20, faults: [], more: 0 })
})
