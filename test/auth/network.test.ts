import { addressOf, networkOf } from '../../src/auth/network.js'
import { thisFile } from '../helpers/this-file.js'

const t = thisFile()

t.test('addressOf: every spelling of an address is one', async (t) => {
  const same: Readonly<Record<string, readonly string[]>> = {
    '203.0.113.7': [
      '203.0.113.7', '203.0.113.7:1', '203.0.113.7:49152', '"203.0.113.7"', '"203.0.113.7:49152"', '::ffff:203.0.113.7',
      '::FFFF:203.0.113.7', '0:0:0:0:0:ffff:cb00:7107', '[::ffff:203.0.113.7]', '[::ffff:cb00:7107]:49152', '"[::ffff:203.0.113.7]:4711"',
    ],
    '2001:db8::1': [
      '2001:db8::1', '2001:DB8::1', '2001:0db8:0000:0000:0000:0000:0000:0001', '[2001:db8::1]', '[2001:DB8::1]:49152', '"[2001:db8::1]:4711"',
      '"2001:db8::1"', '2001:db8::1:49152', '2001:db8:0:0:0:0:0:1:80', '2001:db8::0.0.0.1',
    ],
    'fe80::1': ['fe80::1', 'fe80::1%eth0', 'FE80::1%25en0', '[fe80::1%eth0]:80'],
    '::1': ['::1', '[::1]', '[::1]:80'],
    '0.0.0.0': ['::ffff:0.0.0.0'],
    '2001:db8::cb00:7107': ['2001:db8::203.0.113.7'],
  }
  for (const [address, texts] of Object.entries(same)) for (const text of texts) t.equal(addressOf(text), address, text)
})

t.test('addressOf: what is none', async (t) => {
  for (const text of [
    '', ' ', 'unknown', '_hidden', '_SEVKISEK:80', 'localhost', 'client.example:80', 'unix:', 'garbage', '203.0.113', '203.0.113.7.', '203.0.113.256',
    '010.0.0.1', '203.0.113.007', '0x7f.0.0.1', '2130706433', '203.0.113.7:', '203.0.113.7:port', '203.0.113.7:123456', '203.0.113.7 ', '[203.0.113.7]',
    '[203.0.113.7]:80', '[unknown]', '[2001:db8::1', '2001:db8::1]', '[2001:db8::1]80', '[2001:db8::1]:', '2001:db8:::1', '1:2:3:4:5:6:7:8:9:80',
    '203.0.113.7;198.51.100.1', 'for=203.0.113.7', '203.0.113.7, 198.51.100.1', 'x:203.0.113.7', '2001:db8::1/64', '203.0.113.7/32', '"', '""', '203.0.113.7"x', '[]', '[]:80',
    '%', '%eth0', '203.0.113.7%eth0', '\0', 'é', `203.0.113.7${' '.repeat(8000)}`, '1'.repeat(16_000), ':'.repeat(16_000),
  ]) t.equal(addressOf(text), undefined, JSON.stringify(text.slice(0, 40)))
})

t.test('networkOf: an IPv4 address, 64 bits of an IPv6 one', async (t) => {
  const same: readonly (readonly [string, string])[] = [
    ['192.0.2.1', '192.0.2.1'],
    ['192.0.2.1:80', '192.0.2.1'],
    ['::ffff:192.0.2.1', '192.0.2.1'],
    ['2001:db8:1:2:3:4:5:6', '2001:db8:1:2'],
    ['2001:DB8:0001:0002::9', '2001:db8:1:2'],
    ['2001:0DB8:0001:0002::1', '2001:db8:1:2'],
    ['2001:db8:1:2::', '2001:db8:1:2'],
    ['2001:db8::1', '2001:db8:0:0'],
    ['[2001:db8::1]:80', '2001:db8:0:0'],
    ['2001:db8::1:2:3:4:5', '2001:db8:0:1'],
    ['2001:db8:0:1:1:1:1:1', '2001:db8:0:1'],
    // A client with an IPv6 network must not pass for an IPv4 address by a spelling.
    ['2001:db8::192.0.2.1', '2001:db8:0:0'],
    ['64:ff9b::192.0.2.1', '64:ff9b:0:0'],
    ['::1', '0:0:0:0'],
    ['[::1]', '0:0:0:0'],
    ['::', '0:0:0:0'],
    ['1::', '1:0:0:0'],
    ['fe80::1%eth0', 'fe80:0:0:0'],
    ['fe80::1%eth1', 'fe80:0:0:0'],
    ['', ''],
    ['unknown', ''],
  ]
  for (const [address, network] of same) t.equal(networkOf(address), network, address)
})
