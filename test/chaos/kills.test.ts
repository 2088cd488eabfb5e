import { emptyFolder } from '../helpers/database.js'
import { ownPostgres } from '../helpers/own-postgres.js'
import { copyStore } from '../helpers/template.js'
import { thisFile } from '../helpers/this-file.js'
import { killAgainAndAgain } from './kills.js'
import { prepareStore } from './stage.js'

const t = thisFile()
t.setTimeout(180_000)

t.test('kill -9 in the middle of load loses nothing that was acknowledged: Postgres', async (t) => {
  const postgres = await ownPostgres((gone) => t.teardown(gone))
  const owner = await prepareStore({ DATABASE_URL: postgres.url })
  const victims = ['process', 'worker', 'postmaster', 'database', 'worker', 'postmaster', 'everything', 'worker'] as const
  const { kills, acknowledged, cutOff, wrong } = await killAgainAndAgain({ ...owner, postgres, victims })
  t.strictSame(wrong, [])
  t.equal(kills, victims.length)
  t.ok(acknowledged > 5 * kills && cutOff > 0, `${String(acknowledged)} acknowledged, ${String(cutOff)} cut off`)
})

t.test('the same: embedded', async (t) => {
  const folder = emptyFolder(t)
  await copyStore('migrated', folder)
  const owner = await prepareStore({ ROSTER_DATA: folder })
  const { acknowledged, cutOff, wrong } = await killAgainAndAgain({ ...owner, victims: ['process', 'process'] })
  t.strictSame(wrong, [])
  t.ok(acknowledged > 5 && cutOff > 0, `${String(acknowledged)} acknowledged, ${String(cutOff)} cut off`)
})
