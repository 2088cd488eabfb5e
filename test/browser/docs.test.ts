import { once } from 'node:events'
import { existsSync } from 'node:fs'
import { createServer, request } from 'node:http'
import type { AddressInfo } from 'node:net'
import { setTimeout } from 'node:timers/promises'
import { isDeepStrictEqual } from 'node:util'
import { type Browser, type BrowserContextOptions, chromium, type Page } from 'playwright-core'
import type { Test } from 'tap'
import { operations } from '../../generated/operations.js'
import type { OperationId } from '../../src/handlers/seam.js'
import { makeDirectory } from '../helpers/directory.js'
import { thisFile } from '../helpers/this-file.js'

const t = thisFile()

/**
 * The page `/docs` in a real browser. With CI_BROWSER=required its absence is a failure; with SCREENSHOT=file.png a picture of
 * the page is written, for the README.
 */
const executablePath = process.env.CHROMIUM ?? '/usr/bin/chromium'
const FLAGS = [
  '--headless',
  '--no-sandbox',
  '--disable-gpu',
  '--disable-quic',
  '--no-first-run',
  '--disable-background-networking',
  '--disable-component-update',
  '--disable-sync',
]
const DESK = { viewport: { width: 1280, height: 800 } }
const PHONE = { viewport: { width: 360, height: 740 }, isMobile: true, hasTouch: true, colorScheme: 'dark' } as const

/** The page's background. */
const LIGHT = 'rgb(250, 250, 250)'
const DARK = 'rgb(28, 32, 34)'

const operation = (page: Page, id: string) => page.locator(`[id^=operations-][id$="-${id}"]`)
const listed = async (page: Page) =>
  (await page.locator('.opblock-summary-operation-id').allInnerTexts()).map((id) => id.trim())
const background = (page: Page) => page.evaluate<string>('getComputedStyle(document.body).backgroundColor')
const sideways = (page: Page) => page.evaluate<number>('document.documentElement.scrollWidth - window.innerWidth')
const kept = (page: Page) =>
  page.evaluate<string[]>('[JSON.stringify(localStorage), JSON.stringify(sessionStorage), document.cookie]')

/** Asserts what the page comes to show. Its policy forbids the evaluation that Playwright's own waiting is made of. */
async function comes(t: Test, look: () => Promise<unknown>, wanted: unknown, what: string): Promise<void> {
  const deadline = Date.now() + 10_000
  let seen = await look()
  while (!isDeepStrictEqual(seen, wanted) && Date.now() < deadline) {
    await setTimeout(50)
    seen = await look()
  }
  t.strictSame(seen, wanted, what)
}

async function authorize(page: Page, key: string): Promise<void> {
  await page.locator('.scheme-container .authorize').click()
  await page.getByLabel('Value:').fill(key)
  await page.locator('.auth-btn-wrapper .authorize').click()
  await page.locator('.auth-btn-wrapper .btn-done').click()
}

/** What the page shows as the answer to the operation's request, once it does. */
async function answerOf(page: Page, id: string): Promise<{ status: string; body: unknown }> {
  const answer = operation(page, id).locator('.live-responses-table .response').first()
  await answer.locator('.response-col_description .highlight-code').first().waitFor()
  return {
    status: (await answer.locator('.response-col_status').innerText()).trim(),
    body: JSON.parse(await answer.locator('.highlight-code code').first().innerText()) as unknown,
  }
}

/** Sends the operation's request as the page fills it in; returns its answer. */
async function tryOut(page: Page, id: string): ReturnType<typeof answerOf> {
  const block = operation(page, id)
  await block.locator('.try-out__btn').click()
  await block.locator('.execute').click()
  return answerOf(page, id)
}

const field = (page: Page, id: string, name: string) => operation(page, id).locator(`tr[data-param-name="${name}"] :is(input, select)`)

/** The values that the page fills in for parameters when operations are tried out, by operation and name. */
async function filledIn(page: Page): Promise<[id: string, name: string, value: string][]> {
  return page.evaluate<[string, string, string][]>(
    "[...document.querySelectorAll('tr[data-param-name] :is(input, select)')].map((one) => " +
      "[one.closest('.opblock').id.split('-').at(-1), one.closest('tr').dataset.paramName, one.value])",
  )
}

/** A proxy that serves a server under `/directory`, and takes that off. */
async function underPath(t: Test, port: number): Promise<string> {
  const proxy = createServer((asked, answer) => {
    const path = String(asked.url).replace('/directory', '')
    const { method, headers } = asked
    const onward = path.startsWith('/') && path !== asked.url
    if (!onward) {
      answer.writeHead(404).end()
      return
    }
    const forwarded = request({ host: '127.0.0.1', port, path, method, headers }, (answered) => {
      answer.writeHead(Number(answered.statusCode), answered.headers)
      answered.pipe(answer)
    })
    asked.pipe(forwarded)
  })
  proxy.listen(0, '127.0.0.1')
  await once(proxy, 'listening')
  t.teardown(() => proxy.close())
  return `http://127.0.0.1:${String((proxy.address() as AddressInfo).port)}`
}

async function tests(t: Test, browser: Browser): Promise<void> {
  const { app, admin, viewer } = await makeDirectory(t)
  await app.listen({ host: '127.0.0.1', port: 0 })
  const { port } = app.server.address() as AddressInfo
  const direct = `http://127.0.0.1:${String(port)}`
  const proxied = await underPath(t, port)

  /** Tests on one page: to open it takes longer than they do. They fail on anything that it complains about or asks of another host. */
  const onPage = (
    where: string,
    options: BrowserContextOptions,
    work: (t: Test, page: Page) => Promise<void>,
    { origin, path }: { origin: string; path: string } = { origin: direct, path: '/docs' },
  ) =>
    t.test(where, async (t) => {
      t.setTimeout(120_000)
      const context = await browser.newContext(options)
      t.teardown(() => context.close())
      const page = await context.newPage()
      const faults: string[] = []
      page.on('console', (message) => {
        // The browser also complains of a refusal that was tried out.
        if (!message.location().url.includes('/api/')) faults.push(message.text())
      })
      page.on('pageerror', ({ message }) => faults.push(message))
      page.on('requestfailed', (request) => faults.push(`failed: ${request.url()}`))
      page.on('request', (request) => {
        const url = request.url()
        if (!url.startsWith(`${origin}/`) && !url.startsWith('data:')) faults.push(`asked for ${url}`)
      })
      await page.goto(`${origin}${path}`)
      await page.locator('.opblock').first().waitFor()
      await work(t, page)
      t.strictSame(faults, [], 'no complaint, and no request to another host')
    })

  await onPage('at a desk', DESK, async (t, page) => {
    await t.test('it lists every operation, every schema, and examples', async (t) => {
      t.strictSame((await listed(page)).toSorted(), Object.keys(operations).toSorted())
      t.ok((await page.locator('.models .model-container').count()) > 10)
      await operation(page, 'createUser').locator('.opblock-summary-control').click()
      await operation(page, 'createUser').getByText('"username": "bob"').first().waitFor()
      if (process.env.SCREENSHOT !== undefined) {
        await page.evaluate("document.querySelector('.scheme-container').scrollIntoView()")
        await page.screenshot({ path: process.env.SCREENSHOT })
      }
    })

    await t.test('it is searched by the words of an operation', async (t) => {
      const search = page.getByLabel('Search operations')
      for (const [phrase, found] of [
        ['DELETE', ['deleteUser', 'revokeApiKey']],
        ['partialUpdate', ['partialUpdateUser']],
        ['one page', ['listUsers', 'listApiKeys']],
        ['nothing of the kind', []],
      ] as const) {
        await search.fill(phrase)
        await comes(t, () => listed(page), found, phrase)
      }
    })

    await t.test('it is light or dark as the system is, also when that changes', async (t) => {
      await comes(t, () => background(page), LIGHT, 'light, as it was opened')
      await page.emulateMedia({ colorScheme: 'dark' })
      await comes(t, () => background(page), DARK, 'dark')
      await page.emulateMedia({ colorScheme: 'light' })
      await comes(t, () => background(page), LIGHT, 'light again')
    })
  })

  await onPage('on a phone, in the dark: nothing is wider than the screen, whatever is open', PHONE, async (t, page) => {
    await comes(t, () => background(page), DARK, 'dark, as it was opened')
    t.equal(await sideways(page), 0, 'as it opens')
    await authorize(page, admin.key)
    await operation(page, 'listUsers').locator('.opblock-summary-control').click()
    t.match(await tryOut(page, 'listUsers'), { status: '200', body: { count: 3 } })
    t.equal(await sideways(page), 0, 'with an answer')
    await page.evaluate("document.querySelectorAll('.opblock:not(.is-open) .opblock-summary-control').forEach((one) => one.click())")
    await comes(t, () => page.locator('.opblock.is-open .responses-inner').count(), Object.keys(operations).length, 'all are open')
    await page.evaluate("document.querySelectorAll('.models [aria-expanded=false]').forEach((one) => one.click())")
    t.equal(await sideways(page), 0, 'with everything open')
  })

  await onPage('trying out', DESK, async (t, page) => {
    const onUser = (Object.keys(operations) as OperationId[]).filter((id) => operations[id].path.includes('{user_id}'))
    const execute = async (id: string) => {
      await operation(page, id).locator('.execute').click()
      return answerOf(page, id)
    }
    const userIds = async () => Object.fromEntries((await filledIn(page)).flatMap(([id, name, value]) => (name === 'user_id' && onUser.includes(id as OperationId) ? [[id, value]] : [])))
    const everywhere = (value: string) => Object.fromEntries(onUser.map((id) => [id, value]))

    await t.test('without a key every parameter starts empty', async (t) => {
      const all = Object.keys(operations).length
      await page.evaluate("document.querySelectorAll('.opblock-summary-control').forEach((one) => one.click())")
      await comes(t, () => page.locator('.try-out__btn').count(), all, 'all are open')
      await page.evaluate("document.querySelectorAll('.try-out__btn').forEach((one) => one.click())")
      await comes(t, () => page.locator('.execute').count(), all, 'and tried out')
      const values = await filledIn(page)
      t.ok(values.length > 20)
      t.strictSame(values.filter(([, , value]) => value !== ''), [])
    })

    await t.test('with one, operations on a user start with the caller', async (t) => {
      await authorize(page, admin.key)
      await comes(t, userIds, everywhere(String(admin.id)), 'in all of them')
      t.equal(await field(page, 'revokeApiKey', 'api_key_id').inputValue(), '', 'but no key is filled in')
      t.match(await execute('getUser'), { status: '200', body: { username: 'adam' } })
      t.match(await execute('partialUpdateUser'), { status: '200', body: { id: admin.id, first_name: 'Carol' } })
      t.match(await execute('createUser'), { status: '201', body: { username: 'bob' } })
      t.match(await execute('deleteUser'), { status: '403', body: { errors: ['Nobody may delete, deactivate or demote themself.'] } })
      t.match(await execute('listUsers'), { status: '200', body: { count: 4 } })
      t.match(await execute('listAuditEntries'), { status: '200' })
    })

    await t.test('another key brings another caller; what was typed stays', async (t) => {
      await field(page, 'getUser', 'user_id').fill(String(viewer.id + 1))
      await page.locator('.scheme-container .authorize').click()
      await page.locator('.auth-btn-wrapper').getByText('Logout').click()
      const typed = { getUser: String(viewer.id + 1) }
      await comes(t, userIds, { ...everywhere(''), ...typed }, 'no key, no caller')
      await page.getByLabel('Value:').fill('\u20ac')
      await page.locator('.auth-btn-wrapper .authorize').click()
      await page.locator('.auth-btn-wrapper').getByText('Logout').click()
      await page.getByLabel('Value:').fill('rst_wrong')
      await page.locator('.auth-btn-wrapper .authorize').click()
      await page.locator('.auth-btn-wrapper').getByText('Logout').click()
      t.strictSame(await userIds(), { ...everywhere(''), ...typed }, 'a wrong key has none')
      await page.getByLabel('Value:').fill(viewer.key)
      await page.locator('.auth-btn-wrapper .authorize').click()
      await page.locator('.auth-btn-wrapper .btn-done').click()
      await comes(t, userIds, { ...everywhere(String(viewer.id)), ...typed }, 'the caller of the other key')
      t.match(await execute('getUser'), { status: '404' })
    })
  })

  for (const path of ['/directory/', '/directory/docs', '/directory/docs/']) {
    const sends = async (t: Test, page: Page): Promise<void> => {
      await authorize(page, admin.key)
      await operation(page, 'getUserInfo').locator('.opblock-summary-control').click()
      t.match(await tryOut(page, 'getUserInfo'), { status: '200', body: { username: 'adam' } })
      await operation(page, 'updateUser').locator('.opblock-summary-control').click()
      t.match(await tryOut(page, 'updateUser'), { status: '200', body: { id: admin.id, username: 'adam' } }, 'who has the name still')
    }
    await onPage(`under a path of a proxy, ${path}: it sends requests there`, DESK, sends, { origin: proxied, path })
  }

  await onPage('at a desk, with a key', DESK, async (t, page) => {
    await t.test('the keyboard alone gives the key, opens an operation and sends its request', async (t) => {
      const tabTo = async (selector: string): Promise<void> => {
        const isThere = `document.activeElement.matches(${JSON.stringify(selector)})`
        for (let presses = 0; presses < 60; presses += 1) {
          if (await page.evaluate<boolean>(isThere)) return
          await page.keyboard.press('Tab')
        }
        throw new Error(`the keyboard does not reach ${selector}`)
      }
      await tabTo('.scheme-container .authorize')
      t.equal(await page.evaluate('getComputedStyle(document.activeElement).outlineWidth'), '3px', 'the focus is seen')
      await page.keyboard.press('Enter')
      await page.getByLabel('Value:').waitFor()
      await tabTo('#api_key_value')
      await page.keyboard.type(admin.key)
      await page.keyboard.press('Enter')
      await page.getByText('******').waitFor()
      await tabTo('.btn-done')
      await page.keyboard.press('Enter')
      await tabTo('#operations-User-getUserInfo .opblock-summary-control')
      await page.keyboard.press('Enter')
      await operation(page, 'getUserInfo').locator('.try-out__btn').waitFor()
      await tabTo('#operations-User-getUserInfo .try-out__btn')
      await page.keyboard.press('Enter')
      await tabTo('#operations-User-getUserInfo .execute')
      await page.keyboard.press('Enter')
      t.match(await answerOf(page, 'getUserInfo'), { status: '200', body: { id: admin.id, username: 'adam', token: admin.key } })
    })

    await t.test('nothing of the key is left after a reload', async (t) => {
      t.strictSame(await kept(page), ['{}', '{}', ''])
      t.notOk(page.url().includes(admin.key))
      await page.reload()
      await operation(page, 'getUserInfo').locator('.try-out__btn').waitFor()
      t.match(await tryOut(page, 'getUserInfo'), { status: '401', body: { code: 'not_authenticated' } })
      t.notOk((await page.content()).includes(admin.key))
    })
  })
}

if (existsSync(executablePath)) {
  // By itself a file has half a minute; a browser on a busy machine may take more.
  t.setTimeout(240_000)
  const browser = await chromium.launch({ executablePath, args: FLAGS })
  t.teardown(() => browser.close())
  await tests(t, browser)
} else {
  console.error('SKIPPED: no Chromium')
  t.not(process.env.CI_BROWSER, 'required', 'SKIPPED: no Chromium')
}
