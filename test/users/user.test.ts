import { etagOf, isStaff, isUnedited, show, toUser } from '../../src/users/user.js'
import { enterprise, row } from '../helpers/rows.js'
import { thisFile } from '../helpers/this-file.js'

const t = thisFile()

t.test('isStaff: Enterprise Admins and superusers', async (t) => {
  for (const role of ['Enterprise Admin', 'Viewer', 'Group Admin', 'Group Viewer'] as const) {
    t.equal(isStaff({ role, is_superuser: false }), role === 'Enterprise Admin')
    t.equal(isStaff({ role, is_superuser: true }), true)
  }
})

t.test('toUser: every field, and nothing else of the row', async (t) => {
  const stored = { ...row({ last_login: '2026-02-01T08:15:30.123Z' }), password_hash: 'secret', username_key: 'k' }
  t.strictSame(toUser(stored, { ...enterprise, google_enterprise_id: 'LC01234abc' }, 'key'), {
    id: 1,
    username: 'vera',
    email: 'vera@acme.example',
    first_name: 'Vera',
    last_name: 'Vine',
    full_name: 'Vera Vine',
    is_active: true,
    is_staff: false,
    is_superuser: false,
    profile: {
      role: 'Group Viewer',
      groups: ['b', 'a'],
      authz_role_id: 'r-1',
      enterprise: enterprise.uuid,
      created_on: '2026-01-05T09:00:00.000Z',
      updated_on: '2026-01-06T09:00:00.000Z',
    },
    emm: { google_enterprise_id: 'LC01234abc' },
    has_emm: true,
    last_login: '2026-02-01T08:15:30.123Z',
    token: 'key',
    is_email_verified: true,
  })
})

t.test('toUser: what is null', async (t) => {
  const { emm, has_emm, last_login, token, profile } = toUser(row({ authz_role_id: null }), enterprise)
  t.strictSame([emm, has_emm, last_login, token, profile.authz_role_id], [{}, false, null, null, null])
})

t.test('toUser: full_name', async (t) => {
  for (const [first_name, last_name, full_name] of [
    ['', '', ''],
    ['A', '', 'A'],
    ['', 'B', 'B'],
    ['A', 'B', 'A B'],
    [' A ', ' B ', 'A   B'],
  ] as const) {
    t.equal(toUser(row({ first_name, last_name }), enterprise).full_name, full_name)
  }
})

t.test('etagOf: strong, and another one for whatever is shown', async (t) => {
  const enrolled = (google_enterprise_id: string) => ({ ...enterprise, google_enterprise_id })
  const tags = [
    etagOf(row(), enterprise),
    etagOf(row({ xmin: '754' }), enterprise),
    // A database that was restored counts again from where it was.
    etagOf(row({ updated_on: '2026-01-06T09:00:00.001Z' }), enterprise),
    etagOf(row({ last_login: '2026-02-01T08:15:30.123Z' }), enterprise),
    etagOf(row(), enrolled('LC01234abc')),
    etagOf(row(), enrolled('LC01234abd')),
    etagOf(row(), enrolled('Ünï "çødé"')),
  ]
  t.equal(new Set(tags).size, tags.length)
  for (const tag of tags) t.match(tag, /^"[!#-~]{3,60}"$/)
  t.equal(tags[0], '"753.2026-01-06T09:00:00.000Z"')
  t.strictSame(show(row(), enterprise), { user: toUser(row(), enterprise), etag: tags[0] })
})

t.test('isUnedited: sign-ins and the enterprise make no difference, edits do', async (t) => {
  const [first, second] = ['2026-02-01T08:15:30.123Z', '2026-02-01T08:15:30.124Z']
  const enrolled = { ...enterprise, google_enterprise_id: 'LC01234abc' }
  const tags = [etagOf(row(), enterprise), etagOf(row({ xmin: '754', last_login: first }), enterprise), etagOf(row({ xmin: '754', last_login: first }), enrolled)]
  const now = { xmin: '755', last_login: second }
  for (const tag of tags) {
    t.ok(isUnedited(tag, row(now)), tag)
    t.notOk(isUnedited(tag, row({ ...now, updated_on: '2026-01-06T09:00:00.001Z' })), 'edited after the sign-in')
    t.notOk(isUnedited(`W/${tag}`, row(now)))
  }
  t.ok(isUnedited(etagOf(row(now), enrolled), row(now)))
  t.notOk(isUnedited(etagOf(row(), enterprise), row({ xmin: '754' })), 'a write that knows nothing of times')
  for (const other of ['""', '"*"', '"x"', `"753.${second}`]) t.notOk(isUnedited(other, row(now)), other)
})
