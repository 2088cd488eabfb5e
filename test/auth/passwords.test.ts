import argon2 from 'argon2'
import { makePasswords, type PasswordConfig } from '../../src/auth/passwords.js'
import { Problem } from '../../src/errors.js'
import { thisFile } from '../helpers/this-file.js'

const t = thisFile()

const cheap = { memoryKiB: 8, passes: 1, lanes: 1 }
const config: PasswordConfig = { passwordMinLength: 8, argon2: cheap, hashConcurrency: 2, hashQueue: 256 }
const passwords = makePasswords(config)
const nobody = { username: '', email: '' }
const faults = (password: string, user: Partial<typeof nobody> = {}, its = passwords) =>
  its.faults(password, { ...nobody, ...user }).map(({ code, text }) => `${code} ${text}`)

const LENGTH = 'validation_failed password: must have 8 to 1024 characters'
const COMMON = 'weak_password password: is one of the most common ones'
const NAME = 'weak_password password: must not be the name or the address'
const ODD = 'q8#'

t.test('length, in code points after NFKC', async (t) => {
  for (const [password, found] of [
    ['', []], // none is given
    ['a', [LENGTH]],
    ['ab#defg', [LENGTH]],
    ['ab#defgh', []],
    ['\u{1F600}'.repeat(7), [LENGTH]],
    ['\u{1F600}'.repeat(8), []],
    ['e\u0301'.repeat(7), [LENGTH]], // fourteen that become seven
    ['e\u0301'.repeat(8), []],
    ['ﷺ', []], // one that becomes eighteen
    ['ﬃ'.repeat(3), []], // three that become nine
    [ODD + 'x'.repeat(1021), []],
    [ODD + 'x'.repeat(1022), [LENGTH]],
    ['\u{1F600}'.repeat(1024), []],
    ['\u{1F600}'.repeat(1025), [LENGTH]],
    ['e\u0301'.repeat(1024), []],
    ['ﷺ'.repeat(57), [LENGTH]], // 57 that become 1,026
  ] as const) t.strictSame(faults(password), found, `${String(password.length)} units`)
})

t.test('a setting raises the least length, and that is weak_password', async (t) => {
  const strict = makePasswords({ ...config, passwordMinLength: 15 })
  const short = 'weak_password password: must have at least 15 characters'
  t.strictSame(faults('ab#defg', {}, strict), [LENGTH], 'the bound of the contract comes first')
  t.strictSame(faults('ab#defghijklmn', {}, strict), [short])
  t.strictSame(faults('ab#defghijklmno', {}, strict), [])
  t.strictSame(faults('', {}, strict), [])
  t.strictSame(faults('password', { username: 'Password' }, strict), [short, COMMON, NAME], 'all of them together')
})

t.test('the common ones, without case and after NFKC', async (t) => {
  for (const password of ['password', 'PASSWORD', 'PassWord1', '12345678', 'qwertyuiop', 'ｐａｓｓｗｏｒｄ', 'iloveyou']) {
    t.strictSame(faults(password), [COMMON], password)
  }
  for (const password of ['password of mine', 'correct horse battery staple']) t.strictSame(faults(password), [], password)
})

t.test('the name, the address and its local part, without case', async (t) => {
  const user = { username: 'Wilhelmina', email: 'Wilma.Straße@Acme.example' }
  for (const password of ['wilhelmina', 'WILHELMINA', 'ｗilhelmina', 'wilma.strasse@acme.example', 'WILMA.STRASSE', 'wilma.straße']) {
    t.strictSame(faults(password, user), [NAME], password)
  }
  for (const password of ['wilhelmina1', 'acme.example', '@acme.example', 'wilma.strasse@']) t.strictSame(faults(password, user), [], password)
})

t.test('a fault never repeats the password', async (t) => {
  for (const password of ['s3cr3t', 'password', 'x'.repeat(2000)]) {
    for (const fault of faults(password, { username: 'password' })) t.notOk(fault.replace(/^\w+ password: /, '').includes(password))
  }
})

t.test('hash: argon2id with the settings, of the password after NFKC', async (t) => {
  const hash = await makePasswords({ ...config, argon2: { memoryKiB: 64, passes: 3, lanes: 2 } }).hash('ﬁne pässword')
  t.match(hash, /^\$argon2id\$v=19\$m=64,t=3,p=2\$/)
  t.ok(await argon2.verify(hash, 'fine pa\u0308ssword'.normalize('NFKC')))
  t.notOk(await argon2.verify(hash, 'Fine pässword'), 'case counts')
  t.not(await passwords.hash('the same'), await passwords.hash('the same'), 'the salt is drawn anew')
  t.match(await makePasswords({ ...config, argon2: { memoryKiB: 19_456, passes: 2, lanes: 1 } }).hash('x'), '$m=19456,t=2,p=1$')
})

t.test('the queue is bounded: what is too many is unavailable at once, the others are hashed', async (t) => {
  const bounded = makePasswords({ ...config, hashConcurrency: 2, hashQueue: 3 })
  const settled = await Promise.allSettled(Array.from({ length: 8 }, (_, i) => bounded.hash(`password ${String(i)}`)))
  t.strictSame(settled.map(({ status }) => status === 'fulfilled'), [true, true, true, true, true, false, false, false])
  for (const one of settled) {
    if (one.status === 'fulfilled') continue
    t.ok(one.reason instanceof Problem)
    t.match(one.reason, { code: 'unavailable', headers: { 'Retry-After': /^[123]$/ } })
  }
  t.match(await bounded.hash('later'), /^\$argon2id/, 'there is room again')
})

t.test('without a queue one at a time still works', async (t) => {
  const single = makePasswords({ ...config, hashConcurrency: 1, hashQueue: 0 })
  t.match(await single.hash('first one'), /^\$argon2id/)
  const both = await Promise.allSettled([single.hash('a'), single.hash('b')])
  t.strictSame(both.map(({ status }) => status), ['fulfilled', 'rejected'])
})

t.test('verify and isOutdated', async (t) => {
  const hash = await passwords.hash('ﬁne pässword')
  t.ok(await passwords.verify(hash, 'fine pässword'), 'as NFKC')
  for (const wrong of ['', 'Fine pässword', 'x'.repeat(4096)]) t.notOk(await passwords.verify(hash, wrong))
  for (const any of ['', 'x']) t.notOk(await passwords.verify(null, any), 'no hash, no password')
  t.notOk(passwords.isOutdated(hash))
  for (const changed of [{ memoryKiB: 16 }, { passes: 2 }, { lanes: 1, memoryKiB: 64 }]) {
    const other = makePasswords({ ...config, argon2: { ...config.argon2, ...changed } })
    t.ok(other.isOutdated(hash))
    t.ok(await other.verify(hash, 'fine pässword'))
  }
  const busy = makePasswords({ ...config, hashConcurrency: 1, hashQueue: 0 })
  const outcomes = await Promise.allSettled([busy.verify(hash, 'a'), busy.verify(hash, 'a')])
  t.match(outcomes, [{ status: 'fulfilled' }, { reason: { code: 'unavailable' } }])
})
