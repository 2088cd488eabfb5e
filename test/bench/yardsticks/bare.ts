import fastify, { type FastifyRequest } from 'fastify'
import pg from 'pg'
import { yardstickSettings } from '../settings.js'
import { type EnterpriseRow, lookUpBy, pageOf, type UserRow, userOf } from './answers.js'
import { statements } from './statements.js'

type KeyRow = EnterpriseRow & { readonly user_id: string; readonly enterprise_id: string }

const { port, url } = yardstickSettings()
const pool = new pg.Pool({ connectionString: url })
const app = fastify()

const keyOf = (request: FastifyRequest): string => String(request.headers.authorization).slice('Bearer '.length)

async function ownerOf(key: string): Promise<KeyRow> {
  const { rows } = await pool.query<KeyRow>({ ...statements.key, values: lookUpBy(key) })
  return rows[0]!
}

async function userOfEnterprise(enterprise_id: string, id: string): Promise<UserRow> {
  const { rows } = await pool.query<UserRow>({ ...statements.user, values: [enterprise_id, id] })
  return rows[0]!
}

app.get<{ Params: { user_id: string } }>('/api/user/:user_id/', async (request) => {
  const owner = await ownerOf(keyOf(request))
  return userOf(await userOfEnterprise(owner.enterprise_id, request.params.user_id), owner)
})

app.get('/api/user_info/', async (request) => {
  const key = keyOf(request)
  const owner = await ownerOf(key)
  return userOf(await userOfEnterprise(owner.enterprise_id, owner.user_id), owner, key)
})

app.get<{ Querystring: { limit: string; offset: string } }>('/api/user/', async (request) => {
  const owner = await ownerOf(keyOf(request))
  const { limit, offset } = request.query
  const counted = await pool.query<{ count: string }>({ ...statements.count, values: [owner.enterprise_id] })
  const { rows } = await pool.query<UserRow>({ ...statements.page, values: [owner.enterprise_id, limit, offset] })
  const page = { limit: Number(limit), offset: Number(offset), count: Number(counted.rows[0]?.count) }
  return pageOf(`${request.protocol}://${request.host}`, page, rows.map((row) => userOf(row, owner)))
})

await app.listen({ host: '127.0.0.1', port })
