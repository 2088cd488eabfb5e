import { parseKey } from '../../src/auth/keys.js'
import type { ApiKey, ApiKeyMade } from '../../src/users/api-keys.js'
import { type Directory } from './directory.js'

/** What tests of keys do again and again. */
export function keysIn({ call, db }: Directory) {
  const path = (user_id: number | string, id?: string): string =>
    `/user/${String(user_id)}/api_key/${id === undefined ? '' : `${id}/`}`
  return {
    path,
    /** Makes a key with another one of the same user. */
    make: async (key: string, user_id: number, fields: object = {}): Promise<ApiKeyMade> => {
      const answer = await call(`POST ${path(user_id)}`, { key, json: { name: 'laptop', ...fields } })
      if (answer.statusCode !== 201) throw new Error(answer.body)
      return answer.json()
    },
    rotate: (key: string, user_id: number, id: string) => call(`POST ${path(user_id, id)}rotate/`, { key }),
    revoke: (key: string, user_id: number | string, id: string) => call(`DELETE ${path(user_id, id)}`, { key }),
    /** The keys of a user that work, as its own list says. */
    list: async (key: string, user_id: number): Promise<ApiKey[]> =>
      (await call(`GET ${path(user_id)}?limit=1000`, { key })).json<{ results: ApiKey[] }>().results,
    /** Whether a key works. */
    works: async (key: string): Promise<boolean> => (await call('GET /user_info/', { key })).statusCode === 200,
    /** Lets time pass for a key: it expires this much earlier. */
    expire: async (id: string): Promise<void> => {
      await db.updateTable('api_key').set({ expires_on: new Date() }).where('id', '=', id).execute()
    },
  }
}

/** What the database has of a key instead of its secret. */
export const storedHash = (key: string): Buffer => Buffer.from(parseKey(key)!.hash, 'hex')

/** A key's id that nobody has. */
export const NO_KEY = '0d9f7a52-3f0f-4c58-9a53-6c1d2b7e4f10'
