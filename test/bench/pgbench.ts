import { writeFileSync } from 'node:fs'
import path from 'node:path'
import pg from 'pg'
import { inFolder } from './folders.js'
import { run } from './processes.js'
import type { Contender } from './rounds.js'
import type { Bench } from './scenarios.js'
import { statements } from './yardsticks/statements.js'

/** The same SQL as that of `bare-joined`, without a server in front of Postgres. Nothing where pgbench is missing. */
export function pgbench({ url, binaries, dataset }: Bench, connections: number): Contender[] {
  if (binaries === undefined) return []
  const { first, size, callers } = dataset.big
  const { enterprise_id, hash } = callers[0]!
  const statement = statements.userByKey.text
    .replaceAll('\n', ' ')
    .replace('$1', String(enterprise_id))
    .replace('$2', `decode('${hash}', 'hex')`)
    .replace('$3', ':id')
  const script = `\\set id random(${String(first)}, ${String(first + size - 1)})\n${statement};\n`
  const { host, port, user, password, database } = new pg.Client(url)
  const env = {
    PGHOST: host,
    PGPORT: String(port),
    PGUSER: String(user),
    PGDATABASE: String(database),
    ...(password ? { PGPASSWORD: password } : {}),
  }
  const measure = (seconds: number) =>
    inFolder(async (folder) => {
      writeFileSync(path.join(folder, 'script'), script)
      const said = await run(
        path.join(binaries, 'pgbench'),
        [
          ...['--no-vacuum', '--protocol=prepared', '--jobs=1', `--client=${String(connections)}`],
          ...[`--time=${String(seconds)}`, '--file=script'],
        ],
        { cwd: folder, env },
      )
      const requestsPerSecond = Number(/^tps = ([\d.]+)/m.exec(said)?.[1])
      if (!(requestsPerSecond > 0) || !said.includes('number of failed transactions: 0 ')) throw new Error(said)
      return { requestsPerSecond, p50: undefined, p99: undefined }
    })
  return [{ name: 'pgbench', measure }]
}
