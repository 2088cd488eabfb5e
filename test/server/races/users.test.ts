import { setTimeout as delay } from 'node:timers/promises'
import { createKey } from '../../../src/auth/made-keys.js'
import { findEnterprise } from '../../../src/db/enterprises.js'
import { findMiscounts } from '../../../src/db/verify.js'
import { OperatorError } from '../../../src/errors.js'
import type { ErrorBody } from '../../../src/http/problems.js'
import type { User } from '../../../src/users/user.js'
import { makeDirectory } from '../../helpers/directory.js'
import { secondServer } from '../../helpers/process.js'
import { thisFile } from '../../helpers/this-file.js'

const t = thisFile()

const directory = await makeDirectory(t)
const { call, db, superuser: key, admin, create } = directory
const second = await secondServer(t, directory)
const acme = (await findEnterprise(db, 'acme'))!

const rounds = (number: number) => Array.from({ length: number }, (_, at) => String(at))

t.test('changes of one user at once all survive', async (t) => {
  const { id } = await create({ username: 'shared' })
  for (const round of rounds(20)) {
    const fields = { username: `shared-${round}`, email: `s${round}@acme.example`, first_name: `f${round}`, last_name: `l${round}` }
    const answers = await Promise.all(
      [...Object.entries(fields), ['profile', { groups: [round] }], ['profile', { authz_role_id: round }]].map(([name, value], at) =>
        (at % 2 === 0 ? call : second)(`PATCH /user/${String(id)}/`, { key: at % 3 === 0 ? key : admin.key, json: { [name as string]: value } }),
      ),
    )
    t.ok(answers.every(({ statusCode }) => statusCode === 200))
    const user = (await call(`GET /user/${String(id)}/`, { key })).json<User>()
    t.match(user, { ...fields, profile: { groups: [round], authz_role_id: round } })
  }
})

t.test('of two deletes of one user one is 204, the other 404', async (t) => {
  for (const round of rounds(20)) {
    const { id } = await create({ username: `gone-${round}` })
    const answers = await Promise.all([
      call(`DELETE /user/${String(id)}/`, { key }),
      second(`DELETE /user/${String(id)}/`, { key: admin.key }),
    ])
    t.strictSame(answers.map(({ statusCode }) => statusCode).sort(), [204, 404])
  }
})

t.test('two users who take each other\'s names at once are both refused, not stuck', async (t) => {
  const [ann, bea] = [await create({ username: 'ann' }), await create({ username: 'bea' })]
  const answers = await Promise.all([
    call(`PATCH /user/${String(ann.id)}/`, { key, json: { username: 'bea' } }),
    second(`PATCH /user/${String(bea.id)}/`, { key: admin.key, json: { username: 'ann' } }),
  ])
  for (const answer of answers) t.equal(answer.json<ErrorBody>().code, 'duplicate')
})

t.test('creates and deletes at once leave the counts right', async (t) => {
  const names = rounds(20)
  const old = await Promise.all(names.map((name) => create({ username: `old-${name}` })))
  const answers = await Promise.all(
    old.flatMap(({ id }, at) => [
      call(`DELETE /user/${String(id)}/`, { key: at % 2 === 0 ? key : admin.key }),
      second('POST /user/', { key: at % 3 === 0 ? key : admin.key, json: { username: `new-${names[at]!}`, profile: {} } }),
    ]),
  )
  t.strictSame(new Set(answers.map(({ statusCode }) => statusCode)), new Set([204, 201]))
  t.strictSame(await findMiscounts(db), [])
  const { n } = await db.selectFrom('user_account').select(({ fn }) => fn.countAll<number>().as('n')).where('username', '!=', 'gina').executeTakeFirstOrThrow()
  t.equal((await call('GET /user/', { key })).json<{ count: number }>().count, n)
})

t.test('a key made at the moment of its user\'s delete is refused or goes with it', async (t) => {
  const outcomes = new Set<string>()
  for (const [at, round] of rounds(30).entries()) {
    const { id } = await create({ username: `brief-${round}` })
    const [removed, made] = await Promise.allSettled([
      delay(at % 5).then(() => call(`DELETE /user/${String(id)}/`, { key })),
      createKey(db, acme, `brief-${round}`),
    ])
    t.match(removed, { status: 'fulfilled', value: { statusCode: 204 } })
    if (made.status === 'rejected') t.type(made.reason, OperatorError)
    else t.equal((await call('GET /user_info/', { key: made.value.api_key })).statusCode, 401)
    outcomes.add(made.status)
    t.strictSame(await db.selectFrom('api_key').select('prefix').where('user_id', '=', id).execute(), [])
  }
  t.comment(`keys were ${[...outcomes].join(' and ')}`)
})
