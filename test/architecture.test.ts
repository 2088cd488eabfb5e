import { readdirSync, readFileSync } from 'node:fs'
import { violations } from './helpers/architecture.js'
import { thisFile } from './helpers/this-file.js'

const t = thisFile()

const sources = ['src', 'migrations'].flatMap((folder) =>
  readdirSync(folder, { recursive: true, encoding: 'utf8' })
    .filter((file) => file.endsWith('.ts'))
    .map((file) => `${folder}/${file}`),
)

t.test('the sources keep the shape of the code', async (t) => {
  for (const file of ['src/config.ts', 'src/db/users.ts', 'src/handlers/index.ts', 'migrations/0001_directory.ts']) {
    t.ok(sources.includes(file), `${file} is looked at`)
  }
  t.strictSame(violations(new Map(sources.map((file) => [file, readFileSync(file, 'utf8')]))), [])
})

const planted: readonly (readonly [string, Record<string, string>, readonly string[]])[] = [
  ['an upward import', { 'src/db/a.ts': "import { x } from '../auth/keys.js'" }, ['src/db/a.ts: imports src/auth/keys.ts, which is above it']],
  ['one of types', { 'src/users/a.ts': "import type { X } from '../handlers/seam.js'" }, ['src/users/a.ts: imports src/handlers/seam.ts, which is above it']],
  ['one in a type', { 'src/auth/a.ts': "type X = import('../main.js').X" }, ['src/auth/a.ts: imports src/main.ts, which is above it']],
  ['one at run time', { 'src/app.ts': "await import('./main.js')" }, ['src/app.ts: imports src/main.ts, which is above it']],
  ['one that is exported again', { 'src/errors.ts': "export * from './db/schema.js'" }, ['src/errors.ts: imports src/db/schema.ts, which is above it']],
  ['the contract in db', { 'src/db/a.ts': "import { ajv } from '../contract.js'" }, ['src/db/a.ts: imports src/contract.ts, which is above it']],
  ['main in http', { 'src/http/a.ts': "import '../app.js'" }, ['src/http/a.ts: imports src/app.ts, which is above it']],
  ['a test', { 'src/app.ts': "import '../test/helpers/database.js'" }, ['src/app.ts: imports test/helpers/database.ts, from outside src/']],
  ['a new part', { 'src/utils/a.ts': '' }, ['src/utils/a.ts: has no place in the order of imports']],
  [
    'a circle',
    { 'src/db/a.ts': "import './b.js'", 'src/db/b.ts': "import type { X } from './c.js'", 'src/db/c.ts': "import './a.js'" },
    ['a circle: src/db/a.ts > src/db/b.ts > src/db/c.ts > src/db/a.ts'],
  ],
  ['the environment', { 'src/app.ts': 'process.env.PORT' }, ['src/app.ts: reads the environment']],
  ['the environment by name', { 'src/app.ts': "process['env']" }, ['src/app.ts: reads the environment']],
  ['the environment taken apart', { 'src/app.ts': 'const { env } = process' }, ['src/app.ts: reads the environment']],
  ['the environment imported', { 'src/main.ts': "import { env as e } from 'node:process'" }, ['src/main.ts: reads the environment']],
  ['SQL', { 'src/users/a.ts': "import { sql } from 'kysely'" }, ['src/users/a.ts: has SQL']],
  ['SQL among types', { 'src/users/a.ts': "import { type Kysely, sql } from 'kysely'" }, ['src/users/a.ts: has SQL']],
  ['the driver', { 'src/main.ts': "import pg from 'pg'" }, ['src/main.ts: has SQL']],
  ['the tag', { 'src/app.ts': 'sql<number>`select 1`' }, ['src/app.ts: has SQL']],
  ...['selectFrom', 'insertInto', 'updateTable', 'deleteFrom'].map(
    (call) => [call, { 'src/commands/a.ts': `db.${call}('user_account')` }, ['src/commands/a.ts: has SQL']] as const,
  ),
  [
    'a migration that is not frozen',
    { 'migrations/0002_x.ts': "import { fold } from '../src/names.js'" },
    ['migrations/0002_x.ts: imports src/names.ts, and a migration imports nothing of ours'],
  ],
  [
    'a migration on another',
    { 'migrations/0002_x.ts': "import './0001_directory.js'" },
    ['migrations/0002_x.ts: imports migrations/0001_directory.ts, and a migration imports nothing of ours'],
  ],
  ...['function a() {}', 'async function a() {}', 'class a {}', 'interface a {}', 'type a = 1', 'const a = 1', 'enum a {}'].map(
    (text) => [`no docstring: ${text}`, { 'src/app.ts': `// No docstring.\nexport ${text}` }, ['src/app.ts: a has no docstring']] as const,
  ),
]

t.test('each violation is found when planted', async (t) => {
  for (const [what, files, found] of planted) t.strictSame(violations(new Map(Object.entries(files))), found, what)
})

t.test('what is right is no violation', async (t) => {
  const right = {
    'src/config.ts': "import './errors.js'\nimport { distance } from 'fastest-levenshtein'\nprocess.env",
    'src/db/a.ts': "import { sql } from 'kysely'\nimport '../config.js'\nimport '../names.js'\nimport './schema.js'\nsql`x`; db.selectFrom('x')",
    'src/users/a.ts': "import type { Kysely } from 'kysely'\nimport { type Transaction } from 'kysely'\nimport '../db/a.js'\nimport '../contract.js'",
    'src/handlers/a.ts': "import type { operations } from '../../generated/openapi.js'\n/** Said. */\nexport const a = { env: 1, selectFrom: 2 }.env",
    'src/cli.ts': "#!/usr/bin/env node\nimport './commands/run.js'\nimport { environment } from './config.js'\nconst { exitCode } = process",
    'migrations/0002_x.ts': "import { sql } from 'kysely'\nexport const up = 1",
  }
  t.strictSame(violations(new Map(Object.entries(right))), [])
})
