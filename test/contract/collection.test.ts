import { readFileSync } from 'node:fs'
import { runInNewContext } from 'node:vm'
import { operations } from '../../generated/operations.js'
import { makeDirectory } from '../helpers/directory.js'
import { thisFile } from '../helpers/this-file.js'

const t = thisFile()

interface Field {
  readonly key: string
  readonly value: string
  readonly disabled?: boolean
}

interface Item {
  readonly name: string
  readonly request: {
    readonly method: string
    readonly description: string
    readonly header: readonly Field[]
    readonly auth?: { readonly type: 'noauth' }
    readonly body?: { readonly raw: string }
    readonly url: { readonly raw: string; readonly query: readonly Field[]; readonly variable: readonly Field[] }
  }
  readonly response: readonly { readonly code: number; readonly body?: string }[]
  readonly event: readonly { readonly listen: 'prerequest' | 'test'; readonly script: { readonly exec: readonly string[] } }[]
}

interface Collection {
  readonly auth: { readonly type: string; readonly apikey: readonly Field[] }
  readonly variable: readonly (Field & { readonly type: string })[]
  readonly item: readonly { readonly name: string; readonly item: readonly Item[] }[]
}

/** `generated/roster.postman_collection.json`, run as Postman runs it: in its order, scripts included. */
const collection = JSON.parse(readFileSync('generated/roster.postman_collection.json', 'utf8')) as Collection
const items = collection.item.flatMap(({ item }) => item)
const directory = await makeDirectory(t)
const baseUrl = `${await directory.app.listen({ host: '127.0.0.1', port: 0 })}/api`

const valuesOf = (fields: readonly Field[]) => Object.fromEntries(fields.map(({ key, value }) => [key, value]))
const enabled = (fields: readonly Field[]) => valuesOf(fields.filter(({ disabled }) => disabled !== true))

/** Variables of a run, and sending a request with them. */
function runner(given: Record<string, string>) {
  const variables: Record<string, unknown> = { ...valuesOf(collection.variable), ...given }
  const filled = (text: string): string => text.replaceAll(/\{\{(\w+)\}\}/g, (_, name: string) => String(variables[name]))
  const run = ({ event }: Item, when: 'prerequest' | 'test', pm: object) => {
    const scripts = event.filter(({ listen }) => listen === when)
    runInNewContext(scripts.flatMap(({ script }) => script.exec).join('\n'), { pm })
  }
  /** The status of the answer, and what the tests of the request that fail say; undefined for one that its script skips. */
  return async (item: Item, query = enabled(item.request.url.query)): Promise<[number, string[]] | undefined> => {
    const { request } = item
    const skipped: true[] = []
    run(item, 'prerequest', {
      variables: { get: (name: string) => variables[name] },
      execution: { skipRequest: () => skipped.push(true) },
    })
    if (skipped.length > 0) return undefined
    const inPath = valuesOf(request.url.variable)
    const path = request.url.raw.replaceAll(/:(\w+)\//g, (_, name: string) => `${String(inPath[name])}/`)
    const apiKey = valuesOf(collection.auth.apikey)
    const answer = await fetch(`${filled(path)}?${new URLSearchParams(query).toString()}`, {
      method: request.method,
      headers: {
        ...(request.auth ? {} : { [String(apiKey.key)]: filled(String(apiKey.value)) }),
        ...Object.fromEntries(Object.entries(enabled(request.header)).map(([name, value]) => [name, filled(value)])),
      },
      ...(request.body ? { body: filled(request.body.raw) } : {}),
    })
    const text = await answer.text()
    const failed: string[] = []
    const pm = {
      test: (name: string, check: () => boolean) => check() || failed.push(name),
      response: { to: { have: { status: (status: number) => answer.status === status } }, json: () => JSON.parse(text) as unknown },
      collectionVariables: { set: (name: string, value: unknown) => (variables[name] = value) },
    }
    run(item, 'test', pm)
    return [answer.status, failed]
  }
}

t.test('it has every operation, with its description, and an answer of each status', async (t) => {
  const found = items.map(({ request: { method, url, description }, response }) => {
    t.ok(description.length > 20)
    t.ok(response.every(({ code, body }) => (body === undefined) === (code === 204)))
    const path = url.raw.replace('{{baseUrl}}', '').replaceAll(/:(\w+)/g, '{$1}')
    return { method, path, statuses: [...new Set(response.map(({ code }) => code))] }
  })
  t.strictSame(found, Object.values(operations).map(({ method, path, statuses }) => ({ method, path, statuses })))
})

t.test('its variables are the address, a key that is not there, and the ids of paths', async (t) => {
  t.strictSame(valuesOf(collection.variable), { baseUrl: 'http://127.0.0.1:3000/api', key: '', tenant: '', username: '', password: '', sign_in_key: '', user_id: '3', api_key_id: '0d9f7a52-3f0f-4c58-9a53-6c1d2b7e4f10' })
  t.strictSame([...new Set(collection.variable.map(({ type }) => type))], ['string'])
  t.equal(collection.auth.type, 'apikey')
  t.equal(valuesOf(collection.auth.apikey).in, 'header')
})

t.test('sent in its order, each request has the declared success', async (t) => {
  const who = { tenant: 'acme', username: 'vera', password: 'correct horse battery staple' }
  const { viewer: { id }, superuser: key } = directory
  await directory.call(`PATCH /user/${String(id)}/`, { key, json: { password: who.password } })
  directory.answers.length = 0
  const send = runner({ baseUrl, key, ...who })
  for (const item of items) {
    const [status = 0, failed] = (await send(item)) ?? []
    t.ok([200, 201, 204].includes(status), `${item.name}: ${String(status)}`)
    t.strictSame(failed, [], item.name)
  }
  const seen = directory.answers.map(({ operation_ids: [id] }) => id)
  t.strictSame(seen, Object.keys(operations))
})

t.test('without a password nobody is signed in, nor out, and all else succeeds', async (t) => {
  const send = runner({ baseUrl, key: directory.superuser })
  const skipped: string[] = []
  for (const item of items) {
    const answered = await send(item)
    if (answered === undefined) skipped.push(item.name)
    else t.strictSame(answered[1], [], item.name)
  }
  t.strictSame(skipped, ['Sign in', 'Sign out'])
})

t.test('the optional parameters of a query, switched on, are right too', async (t) => {
  const send = runner({ baseUrl, key: directory.superuser })
  const [list] = items.filter(({ request }) => request.url.query.length > 0)
  t.equal(list?.request.url.query.length, 4)
  t.strictSame(await send(list!, valuesOf(list!.request.url.query)), [200, []])
})

t.test('its own tests tell what fails', async (t) => {
  for (const item of items) {
    const send = runner({ baseUrl, password: 'wrong', sign_in_key: 'wrong' })
    const [status, failed] = (await send(item)) ?? []
    t.equal(status, 401)
    t.match(failed, [/^status 20[014]$/])
  }
})
