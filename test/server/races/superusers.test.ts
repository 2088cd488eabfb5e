import { makeDirectory } from '../../helpers/directory.js'
import { secondServer } from '../../helpers/process.js'
import { thisFile } from '../../helpers/this-file.js'

const t = thisFile()

const directory = await makeDirectory(t)
const { db, acme, create, keyOf } = directory
const servers = [directory.call, await secondServer(t, directory)] as const

t.test('of two admins who demote each other one stays', async (t) => {
  for (let round = 1; round <= 20; round++) {
    const rivals = await Promise.all(
      ['a', 'b'].map(async (letter) => {
        const username = `${letter}-${String(round)}`
        const { id } = await create({ username, profile: { role: 'Enterprise Admin' } })
        return { id, key: await keyOf(username) }
      }),
    )
    const answers = await Promise.all(
      rivals.map(({ key }, at) =>
        servers[at]!(`PATCH /user/${String(rivals[1 - at]!.id)}/`, { key, json: { profile: { role: 'Viewer' } } }),
      ),
    )
    t.strictSame(answers.map(({ statusCode }) => statusCode).sort(), [200, 403])
    const rows = await db.selectFrom('user_account').select(['id', 'role']).where('id', 'in', rivals.map(({ id }) => id)).execute()
    t.strictSame(rows.map(({ role }) => role).sort(), ['Enterprise Admin', 'Viewer'])
  }
})

t.test('of two superusers who delete each other one stays, 100 times', async (t) => {
  let owner = { id: acme.user_id, key: directory.superuser }
  const losses = new Set<number>()
  for (let round = 1; round <= 100; round++) {
    const username = `rival-${String(round)}`
    const created = await servers[0]('POST /user/', { key: owner.key, json: { username, profile: {} } })
    const { id } = created.json<{ id: number }>()
    // By SQL: no request makes a superuser.
    await db.updateTable('user_account').set({ is_superuser: true }).where('id', '=', id).execute()
    const rivals = [owner, { id, key: await keyOf(username) }] as const
    const [first, second] = round % 2 === 0 ? servers : [servers[1], servers[0]]
    const statuses = await Promise.all([
      first(`DELETE /user/${String(rivals[1].id)}/`, { key: rivals[0].key }),
      second(`DELETE /user/${String(rivals[0].id)}/`, { key: rivals[1].key }),
    ]).then((answers) => answers.map(({ statusCode }) => statusCode))

    const winner = rivals[statuses.indexOf(204)]
    if (winner === undefined) throw new Error(`nobody won round ${String(round)}: ${statuses.join(', ')}`)
    const loss = statuses[1 - statuses.indexOf(204)]!
    losses.add(loss)
    const left = await db.selectFrom('user_account').select('id').where('is_superuser', '=', true).where('username', '!=', 'gina').execute()
    t.strictSame([left, [401, 403, 404].includes(loss)], [[{ id: winner.id }], true], `round ${String(round)}: ${statuses.join(', ')}`)
    owner = winner
  }
  t.comment(`losers were answered ${[...losses].join(', ')}`)
})
