import type { FastifyInstance, InjectOptions, LightMyRequestResponse } from 'fastify'
import type { Kysely } from 'kysely'
import type { Test } from 'tap'
import { operations } from '../../generated/operations.js'
import { buildApp } from '../../src/app.js'
import { makePasswords } from '../../src/auth/passwords.js'
import { createKey } from '../../src/auth/made-keys.js'
import { findEnterprise } from '../../src/db/enterprises.js'
import { openDatabase } from '../../src/db/database.js'
import type { Database } from '../../src/db/schema.js'
import type { OperationId } from '../../src/handlers/seam.js'
import type { Answer } from '../../src/http/exit-guard.js'
import type { ErrorBody } from '../../src/http/problems.js'
import { createEnterprise, type NewEnterprise } from '../../src/users/enterprise.js'
import type { User } from '../../src/users/user.js'
import { emptiedDatabase, type OpenStore, type StoreSettings, testConfig } from './database.js'

/** A request to the API: what `inject` takes, with a key and a JSON body for short. */
export interface Call extends Omit<InjectOptions, 'method' | 'url'> {
  key?: string
  json?: unknown
}

/** An application on an open store. Every answer must be as the contract says; it is closed at the end. */
export async function appOn(
  t: Test,
  { store, db }: OpenStore,
  env: Record<string, string> = {},
  onAnswer: (answer: Answer) => unknown = () => undefined,
): Promise<FastifyInstance> {
  const config = testConfig(store, env)
  const app = await buildApp(config, {
    db,
    passwords: makePasswords(config),
    onAnswer: (answer) => {
      onAnswer(answer)
      if (answer.faults.length > 0) throw new Error(`not as the contract says: ${JSON.stringify(answer)}`)
    },
  })
  t.teardown(() => app.close())
  return app
}

/** A directory with two enterprises, acme and globex, and somebody of every role in acme. */
export interface Directory {
  readonly app: FastifyInstance
  readonly db: Kysely<Database>
  readonly store: StoreSettings
  readonly acme: NewEnterprise
  readonly globex: NewEnterprise
  /** Key of acme's superuser, alice. */
  readonly superuser: string
  /** An Enterprise Admin of acme who is no superuser, and its key. */
  readonly admin: User & { key: string }
  /** A Group Viewer of acme, and its key. */
  readonly viewer: User & { key: string }
  /** All answers so far, as the exit guard saw them. */
  readonly answers: Answer[]
  /** Sends `METHOD /path` (the path below `/api`). */
  call: (request: string, call?: Call) => Promise<LightMyRequestResponse>
  /** Creates a user in acme as its superuser. */
  create: (user: Record<string, unknown>) => Promise<User>
  /** A new key for a user of acme. */
  keyOf: (username: string) => Promise<string>
}

/**
 * Makes a directory on a database that is its own meanwhile. Every answer is compared with the contract; one that differs fails the test.
 */
export async function makeDirectory(t: Test, env: Record<string, string> = {}): Promise<Directory> {
  const open = await emptiedDatabase(t)
  const { store, db } = open
  const answers: Answer[] = []
  const app = await appOn(t, open, env, (answer) => answers.push(answer))
  const acme = await createEnterprise(db, 'acme', { username: 'alice', email: 'alice@acme.example' })
  const globex = await createEnterprise(db, 'globex', { username: 'gina', email: 'gina@globex.example' })

  const call: Directory['call'] = (request, { key, json, ...options } = {}) => {
    const [method = '', path = ''] = request.split(' ')
    return app.inject({
      ...options,
      method: method as 'GET',
      url: `/api${path}`,
      headers: {
        ...(key === undefined ? {} : { authorization: `Bearer ${key}` }),
        ...(json === undefined ? {} : { 'content-type': 'application/json' }),
        ...options.headers,
      },
      ...(json === undefined ? {} : { payload: JSON.stringify(json) }),
    })
  }
  const superuser = acme.api_key
  const create: Directory['create'] = async (user) => {
    const answer = await call('POST /user/', { key: superuser, json: { profile: {}, ...user } })
    if (answer.statusCode !== 201) throw new Error(`creating a user answered ${String(answer.statusCode)}`)
    return answer.json()
  }
  const keyOf = async (username: string): Promise<string> =>
    (await createKey(db, (await findEnterprise(db, 'acme'))!, username)).api_key
  const member = async (username: string, role: string) => ({
    ...(await create({ username, email: `${username}@acme.example`, profile: { role } })),
    key: await keyOf(username),
  })
  const admin = await member('adam', 'Enterprise Admin')
  const viewer = await member('vera', 'Group Viewer')
  // What the set-up was answered is no part of any test.
  answers.length = 0
  return { app, db, store, acme, globex, superuser, admin, viewer, answers, call, create, keyOf }
}

/** 429, which every operation has alike: sends one request more than the address may, then one more than the key may. */
async function limitRate(t: Test, { db, store, keyOf, answers }: Directory, id: OperationId): Promise<void> {
  const { method, path, statuses, needsKey } = operations[id]
  const declared: readonly number[] = statuses
  for (const [name, setting] of [['address', 'ROSTER_RATE_PER_ADDRESS'], ['key', 'ROSTER_RATE_PER_KEY']] as const) {
    // A key that its first request ends is not limited any more.
    if (name === 'key' && (!needsKey || id === 'logout')) continue
    const authorization = await keyOf('alice')
    const app = await appOn(t, { store, db }, { [setting]: '1/60' }, (answer) => {
      if (answer.status === 429) answers.push(answer)
    })
    const url = `/api${path.replaceAll(/\{[^}]+\}/g, '9007199254740991')}`
    const send = () => app.inject({ method, url, headers: { authorization } })
    const first = await send()
    t.ok(first.statusCode !== 429 && declared.includes(first.statusCode), `${id} is answered first: ${String(first.statusCode)}`)
    t.match(first.headers['ratelimit'], new RegExp(`^"${name}";r=0;t=\\d+$`))
    const second = await send()
    isError(t, second, 429, 'rate_limited', [`${name}: has at most 1 requests in 60 seconds`])
    t.ok(Number(second.headers['retry-after']) >= 1, 'when to try again')
    await app.close()
  }
}

/**
 * Closes the ledger of an operation's file: every status that the contract declares for it was seen, and no other. Call it
 * last, and wait for it: it makes the one that every operation has alike, 429.
 */
export async function closeLedger(t: Test, directory: Directory, id: OperationId): Promise<void> {
  await limitRate(t, directory, id)
  const { answers } = directory
  const seen = new Set(answers.filter((answer) => answer.operation_ids.includes(id)).map((answer) => answer.status))
  t.strictSame([...seen].sort(), [...operations[id].statuses].sort(), `the statuses of ${id}, declared and seen`)
}

/** Asserts an Error body: its status, code and faults, and that it is whole. */
export function isError(
  t: Test,
  answer: LightMyRequestResponse,
  status: number,
  code: ErrorBody['code'],
  errors?: readonly string[],
): void {
  const body = answer.json<ErrorBody>()
  t.equal(answer.statusCode, status)
  t.equal(body.status, status)
  t.equal(body.code, code)
  t.equal(body.request_id, answer.headers['x-request-id'])
  if (errors !== undefined) t.strictSame(body.errors, errors)
}

/** Breaks a table for the time of `work`, so that statements on it fail in a way nobody foresaw (500). */
export async function withBrokenTable(db: Kysely<Database>, table: keyof Database, work: () => Promise<void>): Promise<void> {
  await db.schema.alterTable(table).renameTo(`${table}_broken`).execute()
  try {
    await work()
  } finally {
    await db.schema.alterTable(`${table}_broken`).renameTo(table).execute()
  }
}

/** An application like the directory's, whose database does not answer (503). Its answers go into the same ledger. */
export async function withLostDatabase(
  t: Test,
  directory: Directory,
  work: (app: FastifyInstance) => Promise<void>,
): Promise<void> {
  const config = testConfig({ DATABASE_URL: 'postgres://nobody@127.0.0.1:1/nowhere' })
  const db = openDatabase(config)
  const app = await buildApp(config, {
    db,
    passwords: makePasswords(config),
    onAnswer: (answer) => directory.answers.push(answer),
  })
  await work(app)
  await app.close()
  await db.destroy()
  t.ok(directory.answers.every((answer) => answer.faults.length === 0))
}

