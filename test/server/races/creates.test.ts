import type { Test } from 'tap'
import type { ErrorBody } from '../../../src/http/problems.js'
import type { User } from '../../../src/users/user.js'
import { findMiscounts } from '../../../src/db/verify.js'
import { makeDirectory } from '../../helpers/directory.js'
import { secondServer } from '../../helpers/process.js'
import { thisFile } from '../../helpers/this-file.js'

const t = thisFile()

const directory = await makeDirectory(t)
const servers = [directory.call, await secondServer(t, directory)]
// Writes of one caller wait for each other, since each locks its caller: so there are several.
const callers = [directory.superuser, directory.admin.key]
for (const username of ['ada', 'ben', 'cleo']) {
  await directory.create({ username, profile: { role: 'Enterprise Admin' } })
  callers.push(await directory.keyOf(username))
}

/** Creates all of these users at once, through two servers, by different callers. */
async function createAll(users: readonly { username: string; email?: string }[]) {
  const answers = await Promise.all(
    users.map((user, at) =>
      servers[at % servers.length]!('POST /user/', { key: callers[at % callers.length]!, json: { ...user, profile: {} } }),
    ),
  )
  return answers.map((answer, at) => ({ sent: users[at]!, status: answer.statusCode, body: answer.json<User & ErrorBody>() }))
}

const twenty = Array.from({ length: 20 }, (_, at) => at)
const anyCase = (text: string, at: number) => (at % 3 === 0 ? text.toUpperCase() : text)

async function oneOfTwenty(t: Test, users: readonly { username: string; email?: string }[], errors: readonly string[]) {
  const answers = await createAll(users)
  const [made, ...others] = answers.filter(({ status }) => status === 201)
  t.ok(made, 'one is created')
  t.equal(others.length, 0, 'and no other')
  for (const { status, body } of answers.filter((answer) => answer !== made)) {
    t.strictSame([status, body.code, body.errors], [400, 'duplicate', errors])
  }
  const { results } = (await directory.call('GET /user/?limit=1000', { key: directory.superuser })).json<{ results: User[] }>()
  const names = new Set(users.map(({ username }) => username))
  t.strictSame(results.filter(({ username }) => names.has(username)), [made?.body])
}

t.test('of twenty equal creates at once one is 201, the others 400', async (t) => {
  for (const round of [1, 2, 3].map(String)) {
    await t.test(`equal names, round ${round}`, async (t) => {
      const users = twenty.map((at) => ({ username: anyCase(`name-${round}`, at), email: `name-${round}-${String(at)}@acme.example` }))
      await oneOfTwenty(t, users, ['username: belongs to another user'])
    })
    await t.test(`equal addresses, round ${round}`, async (t) => {
      const users = twenty.map((at) => ({ username: `mail-${round}-${String(at)}`, email: anyCase(`mail-${round}@acme.example`, at) }))
      await oneOfTwenty(t, users, ['email: belongs to another user'])
    })
    await t.test(`both equal, round ${round}`, async (t) => {
      const users = twenty.map((at) => ({ username: anyCase(`both-${round}`, at), email: anyCase(`both-${round}@acme.example`, at) }))
      await oneOfTwenty(t, users, ['username: belongs to another user', 'email: belongs to another user'])
    })
  }
})

t.test('one create collides by name and one by address: each refusal names what a winner has', async (t) => {
  for (const round of Array.from({ length: 20 }, (_, at) => String(at))) {
    const x = { username: `x-${round}`, email: `x-${round}@acme.example` }
    const y = { username: `y-${round}`, email: `y-${round}@acme.example` }
    const answers = await createAll([x, { ...x, email: y.email }, { ...y, email: x.email }])
    const winners = answers.filter(({ status }) => status === 201).map(({ sent }) => sent)
    const taken = (field: 'username' | 'email', value = '') => winners.filter((winner) => winner[field] === value).length
    t.ok(winners.length === 1 || winners.length === 2)
    t.ok(winners.every(({ username, email }) => taken('username', username) === 1 && taken('email', email) === 1))
    for (const { sent, status, body } of answers.filter((answer) => answer.status !== 201)) {
      const reasons = (['username', 'email'] as const).filter((field) => taken(field, sent[field]) > 0)
      t.equal(status, 400)
      t.equal(body.code, 'duplicate')
      t.ok(body.errors.length > 0)
      t.ok(body.errors.every((error) => reasons.some((field) => error === `${field}: belongs to another user`)))
    }
  }
})

t.test('the counts are those of the users', async (t) => t.strictSame(await findMiscounts(directory.db), []))
