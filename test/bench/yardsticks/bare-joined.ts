import fastify, { type FastifyRequest } from 'fastify'
import pg from 'pg'
import { yardstickSettings } from '../settings.js'
import { type EnterpriseRow, lookUpBy, type UserRow, userOf } from './answers.js'
import { statements } from './statements.js'

type Row = UserRow & EnterpriseRow

const { port, url } = yardstickSettings()
const pool = new pg.Pool({ connectionString: url })
const app = fastify()

const keyOf = (request: FastifyRequest): string => String(request.headers.authorization).slice('Bearer '.length)

app.get<{ Params: { user_id: string } }>('/api/user/:user_id/', async (request) => {
  const values = [...lookUpBy(keyOf(request)), request.params.user_id]
  const { rows } = await pool.query<Row>({ ...statements.userByKey, values })
  return userOf(rows[0]!, rows[0]!)
})

app.get('/api/user_info/', async (request) => {
  const key = keyOf(request)
  const { rows } = await pool.query<Row>({ ...statements.ownerByKey, values: lookUpBy(key) })
  return userOf(rows[0]!, rows[0]!, key)
})

await app.listen({ host: '127.0.0.1', port })
