import { existsSync } from 'node:fs'
import { finish, runHere, start } from '../helpers/command.js'
import { thisFile } from '../helpers/this-file.js'

const t = thisFile()

const commands = [
  ['serve'],
  ['serve', '--workers', '2'],
  ['serve', '--workers', '0'],
  ['migrate'],
  ['verify'],
  ['verify', '--repair'],
  ['export-store'],
  ['enterprise', 'create', 'acme', '--admin', 'alice'],
  ['enterprise', 'list'],
  ['enterprise', 'enroll-emm', 'acme', 'LC01'],
  ['user', 'list', '--enterprise', 'acme'],
  ['user', 'promote', 'bob', '--enterprise', 'acme'],
  ['user', 'demote', 'bob', '--enterprise', 'acme'],
  ['user', 'verify', 'bob', '--enterprise', 'acme'],
  ['client', 'add', 'console', '--enterprise', 'acme'],
  ['client', 'list', '--enterprise', 'acme'],
  ['client', 'remove', 'console', '--enterprise', 'acme'],
  ['key', 'create', '--enterprise', 'acme', '--user', 'alice'],
  ['key', 'list', '--enterprise', 'acme'],
  ['key', 'revoke', 'rst_0_abcd', '--enterprise', 'acme'],
]
const nouns = ['enterprise', 'user', 'key', 'client']
const verbOf = (args: readonly string[]) => args.slice(0, nouns.includes(args[0]!) ? 2 : 1)
const withoutJson = ['serve', 'export-store']

t.test('--help of every command: to stdout, without a configuration', async (t) => {
  for (const verb of [[], ['config'], ...nouns.map((noun) => [noun]), ...commands.map(verbOf)]) {
    const { code, out, note } = await runHere({}, ...verb, '--help')
    t.strictSame([code, note], [0, []], verb.join(' '))
    t.match(out.join('\n'), new RegExp(`^Usage: ${['roster', ...verb].join(' ')} `))
    if (verb.length > 0 && !withoutJson.includes(verb[0]!) && !nouns.includes(verb.join(' '))) t.match(out.join('\n'), '--json')
  }
})

t.test('2: what is no command line', async (t) => {
  for (const args of [
    [], ['enterprise'], ['key'], ['bogus'], ['key', 'bogus'], ['--bogus'], ['migrate', 'extra'], ['migrate', '--bogus'],
    ['enterprise', 'create'], ['enterprise', 'create', 'acme'], ['enterprise', 'create', '--admin', 'alice'],
    ['enterprise', 'create', 'acme', '--admin'], ['enterprise', 'create', 'acme', 'b', '--admin', 'alice'],
    ...['0', '1001', 'x', '1.5', ''].map((days) => ['key', 'create', '--enterprise', 'acme', '--user', 'a', '--expires-days', days]),
    ...['a\nb', 'x'.repeat(101), '\u3164', 'laptop\ufe0f', ' '].map((name) => ['key', 'create', '--enterprise', 'acme', '--user', 'a', '--name', name]),
    ['key', 'create', '--enterprise', 'acme'], ['key', 'create', '--user', 'alice'], ['key', 'list'],
    ['key', 'revoke', 'rst_0_abcd'], ['key', 'revoke', '--enterprise', 'acme'],
    ...['x', '-1', '1.5', '65', ''].map((workers) => ['serve', '--workers', workers]),
  ]) {
    const { code, out, note } = await runHere({}, ...args)
    t.strictSame([code, out], [2, []], args.join(' '))
    t.ok(note.length > 0)
  }
})

t.test('69: the database is unreachable, whatever the command', async (t) => {
  for (const args of commands) {
    const { code, out, note } = await runHere({ DATABASE_URL: 'postgres://x:S3CRET@127.0.0.1:1/x', LOG_LEVEL: 'silent' }, ...args)
    t.strictSame([code, out], [69, []], args.join(' '))
    t.match(note.at(-1), /^roster: the database/)
    t.notMatch(note.join(), 'S3CRET')
  }
})

t.test('78: all faults of the configuration together, whatever the command', async (t) => {
  for (const args of commands) {
    // `migrate` and `verify` replace the limits of statements and locks by their own.
    const { code, out, note } = await runHere({ DATABASE_URL: 'x', PORT: '70000', LOG_LEVEL: 'loud', ROSTER_POOL_SIZE: '0', ROSTER_LOK_MS: '1' }, ...args)
    t.strictSame([code, out, note.length], [78, [], 1], args.join(' '))
    for (const name of ['DATABASE_URL', 'PORT', 'LOG_LEVEL', 'ROSTER_POOL_SIZE']) t.match(note[0], `${name} must`)
    t.notMatch(note[0], /70000|loud/)
  }
})

t.test('78: several processes on the embedded Postgres, and it says what to do', async (t) => {
  for (const workers of ['0', '2', '64']) {
    const { code, out, note } = await runHere({ ROSTER_DATA: 'nowhere' }, 'serve', '--workers', workers)
    t.strictSame([code, out], [78, []])
    t.match(note, [`roster: the embedded Postgres serves one process, not --workers ${workers}: set DATABASE_URL`])
  }
  t.notOk(existsSync('nowhere'), 'before the folder is made')
})

t.test('78: a proxy that is no address is a fault of the configuration', async (t) => {
  for (const proxies of ['10.0.0.0/99', '999.1.1.1', ':::::', '....']) {
    const env = { DATABASE_URL: 'postgres://x@127.0.0.1:1/x', ROSTER_TRUSTED_PROXIES: proxies }
    const { code, note } = await runHere(env, 'serve')
    t.equal(code, 78, proxies)
    t.notMatch(note.join(), proxies)
  }
})

t.test('a setting that is none is a warning on stderr', async (t) => {
  const { note } = await runHere({ DATABASE_URL: 'postgres://x@127.0.0.1:1/x', ROSTER_POOL_SISE: '3' }, 'verify')
  t.equal(note[0], 'roster: warning: ROSTER_POOL_SISE is not a setting; the nearest one is ROSTER_POOL_SIZE')
})

t.test('the exit codes are those of the process', async (t) => {
  const [help, usage, unreachable, misconfigured] = await Promise.all([
    finish(start({}, '--help')),
    finish(start({}, 'bogus')),
    finish(start({ DATABASE_URL: 'postgres://x@127.0.0.1:1/x' }, 'verify')),
    finish(start({ DATABASE_URL: 'nonsense', PORT: 'x' }, 'serve')),
  ])
  t.match(help, { code: 0, out: [/^Usage: roster/], note: [] })
  t.match(usage, { code: 2, out: [], note: ["error: unknown command 'bogus'"] })
  t.match(unreachable, { code: 69, out: [], note: [/^roster: .* DATABASE_URL names can't be reached \(connect ECONNREFUSED 127\.0\.0\.1:1\): start it, or correct the host/] })
  t.match(misconfigured, { code: 78, out: [], note: [/DATABASE_URL must be .*; PORT must be/] })
})

t.test('config --check: 78 on an unknown ROSTER_ name, which the other commands only warn of', async (t) => {
  const env = { DATABASE_URL: 'postgres://x@127.0.0.1:1/x', ROSTER_POOLSIZE: 'S3CRET' }
  const fault = 'ROSTER_POOLSIZE is not a setting; the nearest one is ROSTER_POOL_SIZE'
  const checked = await runHere(env, 'config', '--check')
  t.strictSame(checked, { code: 78, out: [], note: [`roster: bad configuration: ${fault}`] })
  const shown = await runHere(env, 'config', '--json')
  t.strictSame([shown.code, shown.note], [0, [`roster: warning: ${fault}`]])
  const used = await runHere(env, 'migrate')
  t.strictSame([used.code, used.note[0]], [69, `roster: warning: ${fault}`])
})

t.test('config --check: 78 on settings that do not fit together, 0 with a warning on what others set', async (t) => {
  const env = { DATABASE_URL: 'postgres://x@127.0.0.1:1/x' }
  for (const args of [['config', '--check'], ['config'], ['serve'], ['serve', '--workers', '2'], ['migrate']]) {
    const { code, note } = await runHere({ ...env, ROSTER_ARGON2_MEMORY_KIB: '8', ROSTER_ARGON2_LANES: '4' }, ...args)
    t.strictSame([code, note], [78, ['roster: bad configuration: ROSTER_ARGON2_MEMORY_KIB must be at least 8 times ROSTER_ARGON2_LANES']], args.join(' '))
  }
  const links = { ROSTER_SERVICE_HOST: '10.0.0.1', ROSTER_PORT: 'tcp://10.0.0.1:80', ROSTER_OPS_PORT: 'tcp://10.0.0.1:9090' }
  const { code, out, note } = await runHere({ ...env, ...links, OTEL_SDK_DISABLED: 'True', OTEL_TRACES_EXPORTER: 'console' }, 'config', '--check')
  t.strictSame([code, out, note.length], [0, [], 2])
  t.match(note[0], /^roster: warning: ROSTER_OPS_PORT is set by Kubernetes/)
  t.match(note[1], /^roster: warning: OTEL_TRACES_EXPORTER must be/)
})
