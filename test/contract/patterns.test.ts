import { spawnSync } from 'node:child_process'
import { writeFileSync } from 'node:fs'
import path from 'node:path'
import { openapiJson } from '../../src/contract.js'
import { emptyFolder } from '../helpers/database.js'
import { thisFile } from '../helpers/this-file.js'

const t = thisFile()

const patterns = new Set<string>()
JSON.parse(openapiJson, (name, value: unknown) => {
  if (name === 'pattern') patterns.add(value as string)
  return value
})

/**
 * The syntax that ECMAScript, Python, PCRE2, Ruby, Java, .NET, Go and Rust share. Neither a quote, a slash nor a backtick, since
 * generated code has patterns between them; no `-` alone in a class, which the flag `v` refuses.
 */
const HEX = String.raw`\\x[0-7][0-9A-F]`
const MEMBER = String.raw`(?:[A-Za-z0-9 !#%&*+,.:;<=>?@^_~]|\\[t-]|${HEX})`
const CLASS = String.raw`\[(?:\^|(?!\^))(?:${MEMBER}(?:-${MEMBER})?)+\]`
const ATOM = String.raw`(?:[A-Za-z0-9 ,;:=@_]|\\[.*+?()|^$t]|${HEX}|${CLASS}|\))`
const REPETITION = String.raw`(?:[*+?]|\{[0-9]{1,3}(?:,[0-9]{1,3})?\})?`
const SHARED = new RegExp(String.raw`^\^(?:${ATOM}${REPETITION}|\((?:\?:)?|\|)*\$$`)
/** Java, Ruby, Rust and the flag `v` take these for operations on classes. */
const DOUBLED = /([!#%&*+,.:;<=>?@^~])\1/

t.test('every pattern is in the syntax that the engines share', async (t) => {
  t.ok(patterns.size > 5)
  for (const pattern of patterns) {
    t.match(pattern, SHARED)
    t.notMatch(pattern, DOUBLED)
  }
})

t.test('what some engine refuses, or reads otherwise, is not in that syntax', async (t) => {
  for (const pattern of [
    String.raw`^a\/b$`, '^a/b$', '^"a"$', '^`a$', "^'a$", String.raw`^[\u0080-\u00FF]$`, String.raw`^[\x80-\xFF]$`, '^é$',
    String.raw`^\p{L}$`, String.raw`^\d$`, '^(?=a)a$', '^(?!a)b$', '^(?<a>b)$', '^[a-]$', '^[[a]$', '^[^]$', '^[]$', '^a{1,1001}$',
    '^a{,5}$', '^a*+$', '^a+?$', '^.$', 'a$', '^a', String.raw`^\ca$`, String.raw`^[a\]]$`, String.raw`^\x2f$`, '^a#{b}$',
  ]) {
    t.notOk(SHARED.test(pattern), pattern)
  }
  for (const pattern of ['^[!!]$', '^[a&&b]$', '^[a~~b]$']) t.match(pattern, DOUBLED)
})

/** Without line ends, before which `$` matches in some engines; the server, whose engine decides, takes them for characters. */
const samples = [
  '', 'a', 'acme', 'a-b', '-a', 'A', 'a b', 'a\tb', 'a\u0001b', 'a\u007fb', 'a\u0085b', 'é', '日本', '😀', 'a,b', 'a;b', '\\', '/', "'", '`',
  '*', '""', '"a"', 'W/"a"', 'W"a"', '"a", W/"b"', ' ,"a"', '"a" ,\t', '"é"', '"a b"', '"a"b"', '"a\\""', '"\\a"', '[a]', 'a[b', '{a}', '~', '!', '+', ':',
  'carol@acme.example', "o'neil+!#$%&*/=?^_`{|}~.-@a-b.c", 'a@-b', 'a@b-', 'a@b.', '@b', 'a@b@c', 'a"b@c', 'a,b@c', 'é@a.b', `a@${'b'.repeat(63)}`, `a@${'b'.repeat(64)}`,
  'a'.repeat(63), 'a'.repeat(64), 'a'.repeat(65), 'a'.repeat(255), 'a'.repeat(256), `"${'a'.repeat(255)}"`, `"${'a'.repeat(256)}"`, '0123456789abcdef'.repeat(4),
  '"key";q=600;w=60', '"address";q=1;w=2, "key";q=3;w=4', '"key";r=599;t=60', '"address";r=1;t=2, "key";r=3;t=4', '"other";q=1;w=2',
]
const questions = [...patterns].flatMap((pattern) => samples.map((sample) => [pattern, sample] as const))
const answers = questions.map(([pattern, sample]) => Number(new RegExp(pattern, 'u').test(sample))).join('')

t.test('the samples tell patterns apart', async (t) => {
  for (const [at, pattern] of [...patterns].entries()) {
    t.match(answers.slice(at * samples.length, (at + 1) * samples.length), /^(?=.*0).*1/, pattern)
  }
})

t.test('with the flag v, as in the pattern of an input of HTML, they mean the same', async (t) => {
  t.equal(questions.map(([pattern, sample]) => Number(new RegExp(pattern, 'v').test(sample))).join(''), answers)
})

const JAVA = `import java.nio.charset.StandardCharsets; import java.util.*; import java.util.regex.*;
public class Patterns {
  static String text(String hex) { return new String(HexFormat.of().parseHex(hex), StandardCharsets.UTF_8); }
  public static void main(String[] a) {
    Scanner in = new Scanner(System.in);
    while (in.hasNextLine()) {
      String[] q = in.nextLine().split(" ", -1);
      System.out.print(Pattern.compile(text(q[0])).matcher(text(q[1])).matches() ? 1 : 0);
    }
  }
}`
const folder = emptyFolder(t)
writeFileSync(path.join(folder, 'Patterns.java'), JAVA)

/** Programs that read a pattern and a sample a line, both in hexadecimal UTF-8, and answer 1 or 0. A warning is a failure. */
const engines: Record<string, readonly string[]> = {
  'Python re': ['python3', '-W', 'error', '-c', 'import re, sys\nh = lambda x: bytes.fromhex(x).decode()\nfor line in sys.stdin:\n  p, s = line.rstrip("\\n").split(" ")\n  print(1 if re.search(h(p), h(s)) else 0, end="")'],
  Perl: ['perl', '-w', '-MEncode', '-e', 'while (<STDIN>) { chomp; my ($p, $s) = map { decode("UTF-8", pack("H*", $_)) } split(/ /, $_, -1); print $s =~ /$p/ ? 1 : 0 }'],
  Ruby: ['ruby', '-w', '-e', 'STDIN.each_line { |line| p, s = line.chomp.split(" ", -1).map { |x| [x].pack("H*").force_encoding("UTF-8") }; print Regexp.new(p).match?(s) ? 1 : 0 }'],
  'PHP, PCRE2': ['php', '-r', 'while (($l = fgets(STDIN)) !== false) { [$p, $s] = array_map("hex2bin", explode(" ", rtrim($l, "\\n"))); echo preg_match("/" . $p . "/u", $s); }'],
  Java: ['java', '-Xshare:auto', '-XX:TieredStopAtLevel=1', path.join(folder, 'Patterns.java')],
}
const hex = (text: string): string => Buffer.from(text).toString('hex')
const input = questions.map((texts) => `${texts.map(hex).join(' ')}\n`).join('')
/** Whether the machine has a program; what it has not is held to the syntax above alone. */
const has = (program: string): boolean => spawnSync(program, ['--version']).error === undefined

for (const [engine, [program = '', ...parameters]] of Object.entries(engines).filter(([, [program = '']]) => has(program))) {
  t.test(`they compile, and mean the same: ${engine}`, async (t) => {
    const { stdout, stderr } = spawnSync(program, parameters, { input, encoding: 'utf8' })
    t.equal(stderr, '')
    t.equal(stdout, answers)
  })
}

t.test('they compile, and mean the same: PCRE2, by grep', async (t) => {
  for (const [at, pattern] of [...patterns].entries()) {
    const lines = samples.join('\n')
    const { stdout, stderr } = spawnSync('grep', ['-naP', pattern], { input: lines, encoding: 'utf8', env: { PATH: process.env.PATH, LC_ALL: 'C.UTF-8' } })
    t.equal(stderr, '')
    const found = new Set([...stdout.matchAll(/^(\d+):/gm)].map(([, line]) => Number(line)))
    const told = samples.map((_, line) => Number(found.has(line + 1))).join('')
    t.equal(told, answers.slice(at * samples.length, (at + 1) * samples.length), pattern)
  }
})
