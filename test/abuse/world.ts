import type { Kysely } from 'kysely'
import type { Test } from 'tap'
import type { Database } from '../../src/db/schema.js'
import { appOn, type Call, type Directory, makeDirectory } from '../helpers/directory.js'
import { catchLog } from '../helpers/log.js'

/** Everything that an attack could have changed, as one text. */
export async function stored(db: Kysely<Database>): Promise<string> {
  const users = await db.selectFrom('user_account').selectAll().orderBy('id').execute()
  const counts = await db.selectFrom('user_count').selectAll().orderBy('enterprise_id').orderBy('level').orderBy('block').execute()
  const keys = await db.selectFrom('api_key').select(['prefix', 'user_id', 'revoked_on', 'expires_on']).orderBy('prefix').execute()
  return JSON.stringify([users, counts, keys])
}

/** A directory whose log is caught; every answer must be as the contract says. */
export async function makeTarget(t: Test): Promise<Directory & { lines: Record<string, unknown>[] }> {
  const directory = await makeDirectory(t)
  const app = await appOn(t, directory, { LOG_LEVEL: 'info' })
  const lines = catchLog(app)
  const call: Directory['call'] = (request, { key, json, ...options }: Call = {}) => {
    const [method = '', path = ''] = request.split(' ')
    return app.inject({
      ...options,
      method: method as 'GET',
      url: path.startsWith('!') ? path.slice(1) : `/api${path}`,
      headers: {
        ...(key === undefined ? {} : { authorization: `Bearer ${key}` }),
        ...(json === undefined && options.payload === undefined ? {} : { 'content-type': 'application/json' }),
        ...options.headers,
      },
      ...(json === undefined ? {} : { payload: JSON.stringify(json) }),
    })
  }
  return { ...directory, app, call, lines }
}
