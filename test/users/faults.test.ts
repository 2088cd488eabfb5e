import { makePasswords } from '../../src/auth/passwords.js'
import { bodyFaults } from '../../src/users/faults.js'
import { testConfig } from '../helpers/database.js'
import { enterprise, row } from '../helpers/rows.js'
import { thisFile } from '../helpers/this-file.js'

const t = thisFile()

const passwords = makePasswords(testConfig({ DATABASE_URL: 'postgres://nobody@127.0.0.1:1/nowhere' }))
const faults = (body: unknown) =>
  bodyFaults(passwords, { user: row(), enterprise }, body).map(({ code, text }) => `${code} ${text}`)

const STRANGER = "validation_failed profile.enterprise: must be the caller's own"
const LENGTH = 'validation_failed password: must have 8 to 1024 characters'
const NAME = 'weak_password password: must not be the name or the address'
const COMMON = 'weak_password password: is one of the most common ones'

t.test('bodyFaults', async (t) => {
  const table: [body: unknown, ...faults: string[]][] = [
    // What has the wrong type is left to the schema.
    ...[undefined, null, 1, 'password', [], {}].map((body): [unknown] => [body]),
    ...[null, 'x', 1, []].map((profile): [unknown] => [{ profile }]),
    ...[null, 1, {}].map((other): [unknown] => [{ password: other, username: other, profile: { enterprise: other } }]),
    [{ password: '' }],
    [{ password: 'correct horse', username: 1, email: null }],
    [{ password: 'short' }, LENGTH],
    [{ password: 'x'.repeat(1025) }, LENGTH],
    [{ password: 'Password' }, COMMON],
    [{ password: 'Password', username: 'password' }, COMMON, NAME],
    [{ password: 'correct horse', username: 'Correct Horse' }, NAME],
    [{ password: 'CAROL@acme.example', email: 'carol@acme.example' }, NAME],
    [{ password: 'long-local', email: 'Long-Local@acme.example' }, NAME],
    // The name of the caller is not the name of the user.
    [{ password: 'vera@acme.example' }],
    [{ profile: { enterprise: enterprise.uuid } }],
    [{ profile: { enterprise: enterprise.uuid.toUpperCase() } }],
    [{ profile: { enterprise: '' } }, STRANGER],
    [{ profile: { enterprise: 'acme' } }, STRANGER],
    [{ password: 'short', profile: { enterprise: 'x' } }, LENGTH, STRANGER],
  ]
  for (const [body, ...expected] of table) t.strictSame(faults(body), expected)
})
