import fastify from 'fastify'
import { yardstickSettings } from '../settings.js'
import { constantUser } from './answers.js'

const app = fastify()
app.get('/api/user/:user_id/', async () => constantUser)
app.get('/api/user_info/', async () => constantUser)
await app.listen({ host: '127.0.0.1', port: yardstickSettings().port })
