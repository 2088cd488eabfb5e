import path from 'node:path'
import { runWithCleanups } from '../bench/cleanups.js'
import { inFolder } from '../bench/folders.js'
import { ownPostgres } from '../helpers/own-postgres.js'
import { killAgainAndAgain, type Outcome, type Victim } from './kills.js'
import { prepareStore } from './stage.js'

/** Kills of a run: of each victim on a server, and of the process on the embedded engine. `node main.js SCALE` has a share of them. */
const ON_SERVER: readonly (readonly [Victim, number])[] = [
  ['process', 30],
  ['worker', 40],
  ['database', 30],
  ['postmaster', 30],
  ['everything', 20],
]
const EMBEDDED = 60

const scale = Number(process.argv[2] ?? '1')
const times = (count: number): number => Math.ceil(count * scale)

function report(engine: string, { kills, acknowledged, cutOff, wrong }: Outcome): void {
  console.log(
    `${engine}: ${String(kills)} kills, ${String(acknowledged)} writes acknowledged, ${String(cutOff)} cut off, ` +
      `${String(wrong.length)} not as promised`,
  )
  for (const one of wrong) console.log(`  ${one}`)
  if (wrong.length > 0) process.exitCode = 1
}

const note = (text: string): void => console.log(`  ${text}`)

await runWithCleanups(async (cleanups) => {
  const postgres = await ownPostgres((gone) => cleanups.add(gone))
  const owner = await prepareStore({ DATABASE_URL: postgres.url })
  const victims = ON_SERVER.flatMap(([victim, count]) => Array.from({ length: times(count) }, () => victim))
  const mixed = victims.map((victim) => ({ victim, at: Math.random() })).sort((a, b) => a.at - b.at).map(({ victim }) => victim)
  report('postgres', await killAgainAndAgain({ ...owner, postgres, victims: mixed, note }))
  await inFolder(async (folder) => {
    const embedded = await prepareStore({ ROSTER_DATA: path.join(folder, 'data') })
    const kills = Array.from({ length: times(EMBEDDED) }, (): Victim => 'process')
    report('embedded', await killAgainAndAgain({ ...embedded, victims: kills, note }))
  })
})
