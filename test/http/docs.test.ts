import { readFileSync } from 'node:fs'
import { gunzipSync } from 'node:zlib'
import { isError, makeDirectory } from '../helpers/directory.js'
import { connect, listen, wireText } from '../helpers/raw.js'
import { thisFile } from '../helpers/this-file.js'

const t = thisFile()

const { app } = await makeDirectory(t)

const FILES = {
  'page.css': 'text/css; charset=utf-8',
  'page.js': 'text/javascript; charset=utf-8',
  'swagger-ui.css': 'text/css; charset=utf-8',
  'swagger-ui-bundle.js': 'text/javascript; charset=utf-8',
  'favicon-32x32.png': 'image/png',
}
const html = (await app.inject('/docs')).body
const URLS = /(?:src|href)="([^"]*)"/g

t.test('the page is at /docs and at /docs/, for anyone', async (t) => {
  for (const url of ['/docs', '/docs/', '/docs?a=b']) {
    const answer = await app.inject(url)
    t.equal(answer.statusCode, 200)
    t.equal(answer.headers['content-type'], 'text/html; charset=utf-8')
    t.equal(answer.body.replaceAll(/"\.\.?\//g, '"'), html.replaceAll('"./', '"'))
  }
})

t.test('whatever the path of a proxy, and with a last slash or without, the page finds its files', async (t) => {
  for (const root of ['', '/directory', '/a/b']) {
    for (const url of ['/docs', '/docs/', '/docs/?a=b/', '/docs?a=b/']) {
      const { body } = await app.inject(url)
      const named = [...body.matchAll(URLS)].map(([, name]) => new URL(String(name), `https://corp.example${root}${url}`).pathname)
      t.strictSame(named.toSorted(), [`${root}/openapi.yaml`, ...Object.keys(FILES).map((name) => `${root}/docs/${name}`)].toSorted(), url)
    }
  }
})

t.test('page and files may run and ask nothing but what this server sends, and are framed by nobody', async (t) => {
  for (const url of ['/docs', ...Object.keys(FILES).map((name) => `/docs/${name}`)]) {
    const { headers } = await app.inject(url)
    t.equal(
      headers['content-security-policy'],
      "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; connect-src 'self'; " +
        "base-uri 'none'; form-action 'none'; frame-ancestors 'none'",
    )
    t.equal(headers['x-content-type-options'], 'nosniff')
    t.equal(headers['referrer-policy'], 'no-referrer')
    t.equal(headers['cross-origin-opener-policy'], 'same-origin')
    t.equal(headers['cross-origin-resource-policy'], 'same-origin')
    t.equal(headers['cache-control'], 'no-cache')
    t.match(headers['x-request-id'], /./)
  }
})

t.test('every file that the page names is served, and it names none of another host', async (t) => {
  const named = [...html.matchAll(URLS)].map(([, url]) => url)
  t.strictSame(named.toSorted(), ['./openapi.yaml', ...Object.keys(FILES).map((name) => `./docs/${name}`)].toSorted())
  t.notMatch(html, /<script>|<style|style=|\son[a-z]+=|https?:/, 'nothing inline')
  for (const [name, type] of Object.entries(FILES)) {
    const answer = await app.inject(`/docs/${name}`)
    t.equal(answer.statusCode, 200, name)
    t.equal(answer.headers['content-type'], type)
    t.ok(answer.rawPayload.length > 0)
  }
})

t.test('the scripts and styles of Swagger UI are those of its package', async (t) => {
  const name = 'swagger-ui-bundle.js'
  const packaged = readFileSync(`node_modules/swagger-ui-dist/${name}`)
  t.ok((await app.inject(`/docs/${name}`)).rawPayload.equals(packaged))
  const compressed = await app.inject({ url: `/docs/${name}`, headers: { 'accept-encoding': 'br, gzip' } })
  t.equal(compressed.headers['content-encoding'], 'gzip')
  t.equal(compressed.headers.vary, 'Accept-Encoding')
  t.ok(compressed.rawPayload.length < packaged.length / 2)
  t.ok(gunzipSync(compressed.rawPayload).equals(packaged))
})

t.test('who has the newest is told so', async (t) => {
  const { headers } = await app.inject('/docs/swagger-ui.css')
  const again = await app.inject({ url: '/docs/swagger-ui.css', headers: { 'if-none-match': String(headers.etag) } })
  t.equal(again.statusCode, 304)
  t.equal(again.body, '')
  t.equal(again.headers.etag, headers.etag)
  const stale = await app.inject({ url: '/docs/swagger-ui.css', headers: { 'if-none-match': 'W/"old"' } })
  t.equal(stale.statusCode, 200)
})

t.test('nothing else of the disk is served', async (t) => {
  for (const path of [
    'package.json',
    'index.html',
    'swagger-ui-bundle.js.map',
    'docs.js',
    '../package.json',
    '%2e%2e/package.json',
    '..%2fpackage.json',
    '..%5cpackage.json',
    '%2e%2e%2f%2e%2e%2fetc%2fpasswd',
    'page.css/../../openapi.json/x',
    'page.css%00.png',
    '/page.css',
    'PAGE.CSS',
  ]) {
    isError(t, await app.inject(`/docs/${path}`), 404, 'not_found')
  }
})

t.test('other methods are wrong ones', async (t) => {
  for (const method of ['POST', 'OPTIONS', 'DELETE'] as const) {
    const answer = await app.inject({ method, url: '/docs' })
    isError(t, answer, 405, 'method_not_allowed')
    t.equal(answer.headers.allow, 'GET, HEAD')
    t.equal(answer.headers['cache-control'], 'no-store')
  }
})

t.test('HEAD is answered as GET, without the body', async (t) => {
  const port = await listen(app)
  const connection = await connect(t, port)
  const { headers: css } = await app.inject('/docs/swagger-ui.css')
  for (const url of ['/', '/docs', '/docs/', ...Object.keys(FILES).map((name) => `/docs/${name}`), '/openapi.json', '/openapi.yaml']) {
    for (const sent of [[], ['Accept-Encoding: gzip'], [`If-None-Match: ${String(css.etag)}`]]) {
      const lines = [...sent, 'X-Request-Id: same']
      const get = await connection.send(wireText(`GET ${url}`, lines)).answer(url.endsWith('swagger-ui.css') && sent[0]?.startsWith('If'))
      const head = await connection.send(wireText(`HEAD ${url}`, lines)).answer(true)
      const what = `${url} ${String(sent)}`
      t.equal(head.statusCode, get.statusCode, what)
      t.strictSame({ ...head.headers, date: '' }, { ...get.headers, date: '' }, what)
      if (get.statusCode === 200) t.ok(Number(head.headers['content-length']) > 0, what)
    }
  }
})

t.test('the root leads to the page', async (t) => {
  for (const method of ['GET', 'HEAD'] as const) {
    const answer = await app.inject({ method, url: '/' })
    t.match(answer, { statusCode: 302, headers: { location: 'docs' } })
  }
  isError(t, await app.inject({ method: 'POST', url: '/' }), 405, 'method_not_allowed')
})
