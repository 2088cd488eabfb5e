import { sql } from 'kysely'
import type { components } from '../../generated/openapi.js'
import { parseKey } from '../../src/auth/keys.js'
import { closeLedger, isError, makeDirectory, withBrokenTable, withLostDatabase } from '../helpers/directory.js'
import { thisFile } from '../helpers/this-file.js'

const t = thisFile()

type Page = components['schemas']['AuditEntryList']

const directory = await makeDirectory(t)
const { call, superuser, admin, viewer, acme, globex, db } = directory

const list = (query = '', key = superuser) => call(`GET /audit/${query}`, { key })
const page = async (query = '', key = superuser): Promise<Page> => (await list(query, key)).json()
const seqs = ({ results }: Page) => results.map(({ seq }) => seq)

t.test('200', async (t) => {
  await t.test('those who manage users get the entries of their enterprise alone, the oldest first', async (t) => {
    const answer = await list()
    t.equal(answer.statusCode, 200)
    t.equal(answer.headers.link, undefined)
    const { next, results } = answer.json<Page>()
    t.equal(next, null)
    t.strictSame(
      results.map(({ action, source, user_id }) => [action, source, user_id]),
      [
        ['enterprise.create', 'cli', null],
        ['user.create', 'cli', acme.user_id],
        ['key.create', 'cli', acme.user_id],
        ['user.create', 'api', admin.id],
        ['key.create', 'cli', admin.id],
        ['user.create', 'api', viewer.id],
        ['key.create', 'cli', viewer.id],
      ],
    )
    t.strictSame(seqs(answer.json()), [1, 2, 3, 4, 5, 6, 7])
    t.ok(results.every(({ enterprise }) => enterprise === acme.enterprise))
    t.ok(results.every(({ created_on }) => /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{6}Z$/.test(created_on)))
    const { prefix } = parseKey(superuser)!
    t.match(results[3], { actor_id: acme.user_id, key_prefix: prefix, target: String(admin.id), after: { username: 'adam' } })
    t.strictSame(await page('', admin.key), answer.json())
    const strangers = await page('', globex.api_key)
    t.strictSame(strangers.results.map(({ action }) => action), ['enterprise.create', 'user.create', 'key.create'])
    t.ok(strangers.results.every(({ enterprise }) => enterprise === globex.enterprise))
    t.strictSame(seqs(await page(`?user_id=${String(acme.user_id)}`, globex.api_key)), [])
    t.strictSame(seqs(await page(`?actor_id=${String(acme.user_id)}`, globex.api_key)), [])
    t.strictSame(seqs(await page(`?actor_id=${String(acme.user_id)}&user_id=${String(admin.id)}`)), [4])
    t.strictSame(seqs(await page(`?actor_id=${String(admin.id)}&user_id=${String(admin.id)}`)), [])
  })
  await t.test('pages by seq, in both orders, whose links find each entry once', async (t) => {
    for (const [order, expected] of [['oldest', [1, 2, 3, 4, 5, 6, 7]], ['newest', [7, 6, 5, 4, 3, 2, 1]]] as const) {
      const followed: number[] = []
      for (let query: string | null = `?limit=3&format=json&order=${order}`; query !== null;) {
        const answer = await list(query)
        const found = answer.json<Page>()
        followed.push(...seqs(found))
        query = found.next === null ? null : new URL(found.next).search
        t.equal(answer.headers.link, found.next === null ? undefined : `<${found.next}>; rel="next"`)
        if (query !== null) t.match(query, new RegExp(`^\\?limit=3&after=\\d&format=json&order=${order}$`))
      }
      t.strictSame(followed, expected)
    }
    t.strictSame(seqs(await page('?after=0')), [1, 2, 3, 4, 5, 6, 7])
    t.strictSame(seqs(await page('?after=7')), [])
    t.strictSame(seqs(await page('?after=9007199254740991&order=newest&limit=1')), [7])
    t.match((await page('?limit=2')).next, /^http:\/\/localhost\/api\/audit\/\?limit=2&after=2$/)
  })
  await t.test('what is written meanwhile comes behind: an entry is read where it was left off', async (t) => {
    const { results } = await page()
    await directory.create({ username: 'late' })
    const later = await page(`?after=${String(results.at(-1)!.seq)}`)
    t.match(later.results, [{ action: 'user.create', after: { username: 'late' } }])
  })
  await t.test('filters by who was changed, its keys included, and by who did it', async (t) => {
    const about = await page(`?user_id=${String(viewer.id)}`)
    t.strictSame(about.results.map(({ action }) => action), ['user.create', 'key.create'])
    await call(`PATCH /user/${String(viewer.id)}/`, { key: admin.key, json: { first_name: 'Vera' } })
    const by = await page(`?actor_id=${String(admin.id)}&order=newest`)
    t.match(by.results, [{ action: 'user.update', user_id: viewer.id, before: { first_name: '' }, after: { first_name: 'Vera' } }])
    await call(`DELETE /user/${String(viewer.id)}/`, { key: admin.key })
    t.equal((await page(`?user_id=${String(viewer.id)}`)).results.length, 4, 'also once it is deleted')
  })
  await t.test('every way to read it has an index', async (t) => {
    const rows = await sql<{ indexdef: string }>`select indexdef from pg_indexes where tablename = 'audit_entry'`.execute(db)
    const columns = rows.rows.map(({ indexdef }) => /\((.*)\)/.exec(indexdef)?.[1]).sort()
    t.strictSame(columns, ['enterprise_id, actor_id, seq', 'enterprise_id, seq', 'enterprise_id, user_id, seq'])
  })
})

t.test('400', async (t) => {
  const top = '9007199254740991'
  for (const [query, error] of [
    ['limit=0', 'limit: must be an integer from 1 to 1000'],
    ['limit=1001', 'limit: must be an integer from 1 to 1000'],
    ['after=-1', `after: must be an integer from 0 to ${top}`],
    ['after=', `after: must be an integer from 0 to ${top}`],
    ['user_id=0', `user_id: must be an integer from 1 to ${top}`],
    ['actor_id=x', `actor_id: must be an integer from 1 to ${top}`],
    ['order=up', 'order: must be one of oldest, newest'],
  ] as const) {
    isError(t, await list(`?${query}`), 400, 'validation_failed', [error])
  }
})

t.test('401: no key or a bad one, before the query is looked at', async (t) => {
  isError(t, await call('GET /audit/?limit=0'), 401, 'not_authenticated')
  isError(t, await list('?limit=0', `${superuser}x`), 401, 'invalid_credentials')
})

t.test('403: those who may not manage users, before the query is looked at', async (t) => {
  for (const role of ['Viewer', 'Group Admin', 'Group Viewer']) {
    const { username } = await directory.create({ username: role, profile: { role } })
    const key = await directory.keyOf(username)
    isError(t, await list('?limit=0', key), 403, 'forbidden', ['Only those who manage users may do this.'])
  }
})

t.test('405: methods that the path does not have: nothing can be written here', async (t) => {
  for (const method of ['POST', 'PUT', 'PATCH', 'DELETE', 'HEAD', 'OPTIONS']) {
    const answer = await call(`${method} /audit/`)
    t.equal(answer.statusCode, 405)
    t.equal(answer.headers.allow, 'GET')
  }
})

t.test('500: a fault that nobody foresaw tells nothing of itself', async (t) => {
  await withBrokenTable(db, 'audit_entry', async () => {
    isError(t, await list(), 500, 'internal_error', ['Internal server error.'])
  })
})

t.test('503: the database is gone', async (t) => {
  await withLostDatabase(t, directory, async (app) => {
    const answer = await app.inject({ url: '/api/audit/', headers: { authorization: superuser } })
    isError(t, answer, 503, 'unavailable')
    t.equal(answer.headers['retry-after'], '1')
  })
})

t.test('the ledger', async (t) => closeLedger(t, directory, 'listAuditEntries'))
