import fastify, { type FastifyInstance } from 'fastify'
import { clientAddress, findClients, trustOf } from '../../src/http/client-address.js'
import { connect, listen, wireText } from '../helpers/raw.js'
import { thisFile } from '../helpers/this-file.js'

const t = thisFile()

const trust = trustOf(['10.0.0.0/8', '192.0.2.9', 'fd00::/8', '::1'])
const from = (peer: string, ...forwarded: string[]): string => clientAddress(peer, forwarded.join(', '), trust)

t.test('who is trusted', async (t) => {
  for (const peer of ['10.0.0.1', '10.255.255.255', '::ffff:10.0.0.1', '10.0.0.1:80', '192.0.2.9', 'fd12::1', '[FD12::1]:80', '::1', 'fd12::1%eth0']) {
    t.ok(trust(peer), peer)
  }
  for (const peer of ['11.0.0.1', '192.0.2.8', 'fe00::1', '::2', '::', 'unknown', '', undefined, '::10.0.0.1', 'fe80::10.0.0.1']) {
    t.notOk(trust(peer), String(peer))
  }
  t.notOk(trustOf([])('127.0.0.1'), 'by default nobody')
  t.ok(trustOf(['0.0.0.0/0'])('203.0.113.7'), 'all of IPv4')
  t.ok(trustOf(['::/0'])('2001:db8::1'), 'all of IPv6')
  t.ok(trustOf(['fe80::1%eth0'])('fe80::1%eth0'))
  for (const network of ['::ffff:10.0.0.0/104', '::ffff:10.0.0.1']) {
    t.strictSame(['10.0.0.1', '::ffff:10.0.0.1', '11.0.0.1'].map(trustOf([network])), [true, true, false], network)
  }
  t.ok(trustOf(['::ffff:0:0/80'])('203.0.113.7'), 'what is wider than IPv4 is all of it')
})

t.test('the client, as proxies are known to forward it', async (t) => {
  const client = '203.0.113.7'
  for (const forwarded of [
    [client], [`${client}:49152`], [` ${client}\t`], [`"${client}"`], [`"${client}:1"`], [`::ffff:${client}`], [`[::ffff:${client}]:80`],
    // A client can make up every address left of the first untrusted one.
    ['198.51.100.1', client], ['127.0.0.1', client], ['10.9.9.9', client], ['unknown', client], ['garbage', client], ['x'.repeat(8000), client],
    ['198.51.100.1:1', `${client}:2`],
    // Trusted ones in between, in every spelling.
    [client, '10.0.0.2'], [client, '10.0.0.2:5000'], [client, '::ffff:10.0.0.2', '[fd00::2]:80'], [`${client}:1`, '10.0.0.3:1', '192.0.2.9:2'],
    ['198.51.100.1', client, '10.0.0.2'],
    // Empty elements.
    ['', client], [client, ''], ['', '', client, '', '10.0.0.2', '', ''],
  ]) t.equal(from('10.0.0.1', ...forwarded), client, forwarded.join(', ').slice(0, 60))
  t.equal(clientAddress('10.0.0.1', `198.51.100.1,${client},10.0.0.2`, trust), client, 'without spaces')
  t.equal(clientAddress('10.0.0.1', `198.51.100.1 ,\t${client} ,10.0.0.2 `, trust), client, 'with more of them')
  t.equal(from('::ffff:10.0.0.1', '[2001:DB8::0001]:4711'), '2001:db8::1')
  t.equal(from('10.0.0.1', 'fe80::1%eth0'), 'fe80::1')
})

t.test('no address: the proxy that said so', async (t) => {
  for (const text of ['unknown', '_hidden', '_hidden:80', 'garbage', 'client.example', 'unix:', '010.0.0.1', '203.0.113.7:port', 'x'.repeat(16_000), '"', '[', 'for=203.0.113.7']) {
    t.equal(from('10.0.0.1', text), '10.0.0.1', text.slice(0, 30))
    t.equal(from('10.0.0.1', '203.0.113.7', text), '10.0.0.1', `${text.slice(0, 30)}: what stands left of it is not looked at`)
    t.equal(from('10.0.0.1', text, '10.0.0.2:80'), '10.0.0.2', `${text.slice(0, 30)}: the nearest known one`)
  }
  for (const none of [[], [''], [' '], ['', '', '']]) t.equal(from('10.0.0.1', ...none), '10.0.0.1')
  t.equal(from('10.0.0.1', '10.0.0.3', '10.0.0.2'), '10.0.0.3', 'all of them proxies: the farthest')
  t.equal(from('10.0.0.1', ','.repeat(16_000)), '10.0.0.1')
})

t.test('a peer that nobody trusts is the client, whatever it forwards', async (t) => {
  for (const text of ['198.51.100.1', '10.0.0.1', 'unknown', '']) t.equal(from('203.0.113.7', text), '203.0.113.7')
  t.equal(from('', '198.51.100.1'), '', 'a client that has left')
})

/** A server that answers what it takes for the address of its client. */
function answering(networks: readonly string[]): FastifyInstance {
  const app = fastify()
  t.teardown(() => app.close())
  findClients(app, trustOf(networks))
  app.get('/', (request, reply) => reply.send(`"${request.client_address}"`))
  return app
}

t.test('a request', async (t) => {
  const trusting = await listen(answering(['127.0.0.0/8', '198.51.100.0/24']))
  const plain = await listen(answering([]))
  const ask = async (port: number, headers: string[]): Promise<string> =>
    (await (await connect(t, port)).send(wireText('GET /', headers)).answer()).body
  t.equal(await ask(trusting, ['X-Forwarded-For: 203.0.113.7:49152']), '"203.0.113.7"')
  const lines = ['X-Forwarded-For: 203.0.113.1', 'x-forwarded-for: 203.0.113.7', 'X-FORWARDED-FOR: 198.51.100.1:80']
  t.equal(await ask(trusting, lines), '"203.0.113.7"', 'several lines')
  t.equal(await ask(trusting, [`X-Forwarded-For: ${'1.1.1.1, '.repeat(1500)}203.0.113.7`]), '"203.0.113.7"', 'a long one')
  // Headers that a proxy may leave to the client.
  for (const header of ['Forwarded: for="[2001:db8::1]:4711"', 'X-Real-IP: 203.0.113.7', 'X-Client-IP: 203.0.113.7', 'X-Forwarded-For: unknown', 'X-Nothing: 1']) {
    t.equal(await ask(trusting, [header]), '"127.0.0.1"', header)
  }
  t.equal(await ask(plain, ['X-Forwarded-For: 203.0.113.7']), '"127.0.0.1"')
})

t.test('a request whose client has left has no address', async (t) => {
  const app = answering(['127.0.0.1'])
  app.addHook('onRequest', (request, _reply, done) => {
    Object.defineProperty(request.raw.socket, 'remoteAddress', { value: undefined })
    done()
  })
  t.equal((await app.inject({ url: '/', headers: { 'x-forwarded-for': '203.0.113.7' } })).body, '""')
})
