import { readFileSync } from 'node:fs'
import fc from 'fast-check'
import { parse } from 'yaml'
import { compile, openapiYaml } from '../../src/contract.js'
import { isUsername } from '../../src/names.js'
import type { Change, Kind, Node } from './differ/change.js'
import { compare } from './differ/differ.js'
import { set, without } from './differ/edits.js'
import { additions, breaking, type Mutation, unnoticed } from './differ/mutations.js'
import { versionFaults } from './differ/version.js'
import { thisFile } from '../helpers/this-file.js'

const t = thisFile()

const read = (text: string) => parse(text) as Node & { readonly info: { readonly version: string } }
const released = read(readFileSync('test/contract/released.yaml', 'utf8'))

/**
 * Patterns of the released contract, which only ECMAScript reads, and their portable spellings in the current contract. The server refuses
 * the same strings, though a pattern without `x-characters` refuses fewer.
 */
const RESPELLED: readonly [released: Node & { readonly pattern: string }, current: Node][] = [
  [
    { pattern: String.raw`^(?:[^\u0000-\u001F\u007F-\u009F\uD800-\uDFFF]|[\uD800-\uDBFF][\uDC00-\uDFFF])*$` },
    { pattern: String.raw`^[^\x00-\x1F\x7F]*$`, 'x-characters': 'text' },
  ],
  [
    {
      pattern: String.raw`^(?:[^\u0000-\u001F\u007F-\u009F\u00AD\u061C\u200B-\u200F\u2028-\u202E\u2060-\u2064\u2066-\u206F\uD800-\uDFFF\uFEFF]|[\uD800-\uDBFF][\uDC00-\uDFFF])*$`,
      format: 'username',
    },
    { pattern: String.raw`^[^\x00-\x1F\x7F]*$`, 'x-characters': 'username' },
  ],
  [
    { pattern: String.raw`^(?:[a-zA-Z0-9.!#$%&'*+\/=?^_${'`'}{|}~-]+@[a-zA-Z0-9](?:[a-zA-Z0-9-]{0,61}[a-zA-Z0-9])?(?:\.[a-zA-Z0-9](?:[a-zA-Z0-9-]{0,61}[a-zA-Z0-9])?)*)?$` },
    { pattern: String.raw`^(?:[!#-\x27*+\x2D-9=?A-Z^-~]+@[a-zA-Z0-9](?:[a-zA-Z0-9\-]{0,61}[a-zA-Z0-9])?(?:\.[a-zA-Z0-9](?:[a-zA-Z0-9\-]{0,61}[a-zA-Z0-9])?)*)?$` },
  ],
  [{ pattern: '^[a-z0-9][a-z0-9-]{0,62}$' }, { pattern: String.raw`^[a-z0-9][a-z0-9\-]{0,62}$` }],
  [{ pattern: '^[A-Za-z0-9-]{1,64}$' }, { pattern: String.raw`^[A-Za-z0-9\-]{1,64}$` }],
]

function respelled(document: typeof released): typeof released {
  return JSON.parse(JSON.stringify(document), (_, value: unknown) => {
    const found = RESPELLED.find(([{ pattern }]) => (value as Node | null)?.pattern === pattern)
    if (found === undefined) return value
    const [before, after] = found
    const rest = Object.entries(value as Node).filter(([name]) => !Object.hasOwn(before, name))
    return { ...Object.fromEntries(rest), ...after }
  }) as typeof released
}

t.test('the version of the contract allows what changed since the released one', async (t) => {
  const current = read(openapiYaml)
  const faults = versionFaults(released.info.version, current.info.version, compare(respelled(released), current))
  t.strictSame(faults, [], `openapi.yaml may follow test/contract/released.yaml, which is ${released.info.version}`)
})

t.test('the server refuses exactly what the patterns of the released contract refuse', async (t) => {
  const everyUnit = Array.from({ length: 0x10000 }, (_, code) => String.fromCharCode(code))
  const astral = Array.from({ length: 0x100 }, (_, code) => String.fromCodePoint(0x1f600 + code))
  for (const [{ pattern, format }, after] of RESPELLED) {
    const before = new RegExp(pattern, 'u')
    const now = compile({ type: 'string', ...after })
    const allowed = (value: string) => before.test(value) && (format !== 'username' || isUsername(value))
    const samples = [...everyUnit, ...astral].flatMap((one) => [one, `a${one}b`, `${one}@a.b`, `a@${one}b`, `a@b${one}c`])
    t.strictSame(samples.filter((value) => now(value) !== allowed(value)), [], pattern)
    fc.assert(fc.property(fc.oneof(fc.stringMatching(before), fc.string(), fc.emailAddress()), (value) => now(value) === allowed(value)))
  }
})

function found({ edit, given }: Pick<Mutation, 'edit' | 'given'>): readonly Change[] {
  const before = structuredClone(released)
  given(before)
  const after = structuredClone(before)
  edit(after)
  if (JSON.stringify(before) === JSON.stringify(after)) throw new Error('the edit changes nothing')
  return compare(before, after)
}

/** The graver kind of what was found. */
const worst = (changes: readonly Change[]): Kind | undefined =>
  changes.find(({ kind }) => kind === 'breaking')?.kind ?? changes[0]?.kind

const kinds: readonly [Kind | undefined, readonly Mutation[]][] = [
  ['breaking', breaking],
  ['addition', additions],
  [undefined, unnoticed],
]
for (const [kind, mutations] of kinds) {
  for (const { label, where, ...mutation } of mutations) {
    t.test(`${kind ?? 'harmless'}: ${label}`, async (t) => {
      const changes = found(mutation)
      t.equal(worst(changes), kind, JSON.stringify(changes))
      const places = changes.filter((change) => change.kind === kind).map((change) => change.where)
      if (where !== undefined) t.ok(places.includes(where), `${where} is in ${places.join(', ')}`)
    })
  }
}

t.test('a version rises with what changed', async (t) => {
  const change = (kind: Kind): Change => ({ kind, where: 'paths./user/', what: 'is gone' })
  const [breaks, adds] = [change('breaking'), change('addition')]
  const rows: readonly [released: string, current: string, changes: readonly Change[], faults: number][] = [
    ['1.2.3', '1.2.3', [], 0],
    ['1.2.3', '1.2.4', [], 0],
    ['1.2.3', '2.0.0', [], 0],
    ['1.2.3', '1.2.2', [], 1],
    ['1.2.3', '1.1.9', [], 1],
    ['1.2.3', '0.9.9', [], 1],
    ['1.2.3', '1.2.3', [adds], 1],
    ['1.2.3', '1.2.9', [adds], 1],
    ['1.2.3', '1.3.0', [adds], 0],
    ['1.9.3', '1.10.0', [adds], 0],
    ['1.2.3', '2.0.0', [adds], 0],
    ['1.2.3', '1.2.3', [breaks], 1],
    ['1.2.3', '1.9.0', [breaks], 1],
    ['1.2.3', '2.0.0', [breaks], 0],
    ['9.2.3', '10.0.0', [breaks], 0],
    ['0.1.0', '0.2.0', [breaks], 1],
    ['0.1.0', '1.0.0', [breaks], 0],
    ['1.2.3', '1.3.0', [breaks, adds, breaks], 2],
    ['1.2.3', '1.2.3', [breaks, adds], 2],
    ['1.2.3', '1.2.2', [adds], 2],
  ]
  for (const [before, after, changes, faults] of rows) {
    const name = `${before} to ${after} with ${changes.map(({ kind }) => kind).join(', ') || 'nothing'}`
    t.equal(versionFaults(before, after, changes).length, faults, name)
  }
  t.strictSame(versionFaults('0.1.0', '0.2.0', [breaks]), [
    "breaking: paths./user/: is gone. Undo it, or raise info.version and package.json's from 0.2.0 to 1.0.0",
  ])
  t.strictSame(versionFaults('0.1.0', '0.0.9', []), ['info.version fell from 0.1.0 to 0.0.9'])
  for (const version of ['1.0', '1.0.0-beta.1', 'v1.0.0']) {
    t.throws(() => versionFaults('0.1.0', version, []), { message: `the version "${version}" is not three numbers` })
  }
})

t.test('a change of what is shared is told once for each direction', async (t) => {
  const current = structuredClone(released)
  without('components.schemas.Role.enum', 'Viewer')(current)
  set('components.schemas.Error.properties.message.maxLength', 1000)(current)
  set('components.responses.NotFound.headers.Allow', { $ref: '#/components/headers/Allow' })(current)
  set('components.headers.X-Request-Id.schema.maxLength', 36)(current)
  const breaks = { kind: 'breaking', where: 'components.schemas.Role.enum' }
  t.strictSame(compare(released, current), [
    { ...breaks, where: 'components.headers.X-Request-Id.schema.maxLength', what: '64 became 36, in answers' },
    { ...breaks, what: "'Viewer' is gone, in answers" },
    { ...breaks, where: 'components.schemas.Error.properties.message.maxLength', what: '500 became 1000, in answers' },
    { ...breaks, what: "'Viewer' is gone, in requests" },
    { kind: 'addition', where: 'components.responses.NotFound.headers.allow', what: 'is new' },
  ])
})

t.test('a reference to nothing is told', async (t) => {
  const broken = structuredClone(released)
  set('components.schemas.User.properties.profile', { $ref: '#/components/schemas/Nothing' })(broken)
  t.throws(() => compare(released, broken), { message: '#/components/schemas/Nothing names nothing' })
})
