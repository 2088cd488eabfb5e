import fc from 'fast-check'
import { buildApp } from '../../src/app.js'
import { makeKey, parseKey } from '../../src/auth/keys.js'
import { makePasswords } from '../../src/auth/passwords.js'
import { openDatabase } from '../../src/db/database.js'
import { testConfig } from '../helpers/database.js'
import { thisFile } from '../helpers/this-file.js'

const t = thisFile()

const enterprise = fc.integer({ min: 0, max: 2 ** 48 - 1 })
const keyCharacter = fc.oneof(
  fc.constantFrom(...Array.from('0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz_')),
  fc.string({ minLength: 1, maxLength: 1 }).filter((one) => one !== ' '),
)

/** A key and the same with one character replaced, left out, put in, or changed places with the next. */
const typo = fc
  .tuple(enterprise, fc.nat(), keyCharacter, fc.constantFrom('replaced', 'left out', 'put in', 'swapped'))
  .map(([id, number, one, how]) => {
    const { key } = makeKey(id)
    const at = number % key.length
    const after = { replaced: one, 'left out': '', 'put in': one + key[at]!, swapped: (key[at + 1] ?? '') + key[at]! }[how]
    return { key, wrong: key.slice(0, at) + after + key.slice(at + (how === 'swapped' ? 2 : 1)) }
  })
  .filter(({ key, wrong }) => key !== wrong)

t.test('a key is what the contract says, and tells its enterprise', async () => {
  fc.assert(
    fc.property(enterprise, (id) => {
      const { key, prefix, hash } = makeKey(id)
      const [, number, secret = ''] = key.split('_')
      const parsed = parseKey(key)
      return (
        /^rst_[0-9a-z]{1,10}_[0-9A-Za-z]{43}_[0-9a-z]{7}$/.test(key) &&
        number === id.toString(36) &&
        prefix === `rst_${number}_${secret.slice(0, 4)}` &&
        parsed?.enterprise_id === id &&
        parsed.hash === hash
      )
    }),
  )
})

t.test('any change of one character is refused', async () => {
  fc.assert(fc.property(typo, ({ wrong }) => parseKey(wrong) === undefined), { numRuns: 3000 })
})

t.test('and without asking the database, which would be 503', async (t) => {
  const config = testConfig({ DATABASE_URL: 'postgres://nobody@127.0.0.1:1/nowhere' })
  const db = openDatabase(config)
  const app = await buildApp(config, { db, passwords: makePasswords(config) })
  t.teardown(() => app.close())
  const status = async (authorization: string) =>
    (await app.inject({ url: '/api/user/', headers: { authorization } })).statusCode

  await fc.assert(
    fc.asyncProperty(typo, fc.constantFrom('', 'Bearer ', 'bearer  '), async ({ key, wrong }, scheme) => {
      return (await status(scheme + wrong)) === 401 && (await status(scheme + key)) === 503
    }),
    { numRuns: 50 },
  )
})
