/**
 * The script of the page `/docs`: Swagger UI on the contract of the same server. It runs in the browser alone and is served
 * as it is compiled, so it imports nothing, and declares what it uses of the browser and of Swagger UI.
 */

interface Parameter {
  readonly $ref?: string
  readonly description?: string
  readonly example?: string | number
  readonly schema?: { readonly default?: string | number }
}

interface Described {
  readonly parameters?: readonly Parameter[]
  readonly requestBody?: { readonly content: Readonly<Record<string, object>> }
}

interface Spec {
  readonly servers: readonly { readonly url: string }[]
  readonly paths: Readonly<Record<string, Readonly<Record<string, Described>>>>
  readonly components: { readonly parameters: Readonly<Record<string, Parameter>> }
}

/** The argument of Swagger UI's `authorize`: the keys by their security schemes. */
type Keys = Readonly<Record<string, { readonly value: string }>>

/** Of Immutable, in which Swagger UI keeps its state. */
interface Operation {
  getIn: (path: readonly string[]) => unknown
}

interface Tag {
  get: (name: 'operations') => { readonly size: number }
  update: (name: 'operations', change: (operations: List<Operation>) => List<Operation>) => Tag
}

interface List<T> {
  map: (change: (item: T) => T) => List<T>
  filter: (keep: (item: T) => boolean) => List<T>
}

interface Setting {
  readonly matches: boolean
  addEventListener: (type: 'change', listener: () => void) => void
}

interface Element {
  readonly classList: { toggle: (name: string, on: boolean) => void }
  setAttribute: (name: string, value: string) => void
}

interface Caller {
  readonly id: number
  readonly username: string
}

interface System {
  readonly React: { createElement: (component: unknown, props: object) => unknown }
  readonly specSelectors: { specJson: () => { toJS: () => Spec } }
  readonly specActions: {
    updateJsonSpec: (spec: Spec) => void
    changeParam: (operation: readonly [path: string, method: string], name: string, place: string, value: string | undefined) => void
  }
}

declare const SwaggerUIBundle: (options: object) => unknown
declare const document: { readonly documentElement: Element; querySelector: (selector: string) => Element | null }
declare const matchMedia: (query: string) => Setting

const mapValues = <T, U>(object: Readonly<Record<string, T>>, change: (value: T) => U): Record<string, U> =>
  Object.fromEntries(Object.entries(object).map(([name, value]) => [name, change(value)]))

/**
 * Swagger UI fills in every example and default, and sends them: as an unwanted filter, a stale tag, or the id of another user.
 * So the description shows them, and the fields start empty.
 */
function tellExample({ example, ...parameter }: Parameter): Parameter {
  // The parameter that it refers to is changed by itself.
  if (parameter.$ref !== undefined) return parameter
  const { default: byDefault, ...schema } = parameter.schema ?? {}
  const told = [
    parameter.description,
    ...(byDefault === undefined ? [] : [`Default: \`${String(byDefault)}\``]),
    ...(example === undefined ? [] : [`Example: \`${String(example)}\``]),
  ]
  return { ...parameter, schema, description: told.filter(Boolean).join(' ') }
}

/** The URL of a path of this server. The script is one folder below the root, whatever path a proxy serves it under. */
const at = (path: string): string => new URL(`../${path}`, import.meta.url).href

function adapt(spec: Spec): Spec {
  const paths = mapValues(spec.paths, (methods) =>
    mapValues(methods, (operation) => ({ ...operation, parameters: (operation.parameters ?? []).map(tellExample) })),
  )
  // The `servers` of the contract may name another origin, which the policy of the page forbids to call.
  const components = { ...spec.components, parameters: mapValues(spec.components.parameters, tellExample) }
  return { ...spec, paths, components, servers: [{ url: at('api') }] }
}

const SEARCHED = [['method'], ['path'], ...['operationId', 'summary', 'description'].map((name) => ['operation', name])]

/** Every word of the phrase is somewhere in the operation. By itself Swagger UI looks at paths alone. */
function search(tags: List<Tag>, phrase: string): List<Tag> {
  const words = phrase.toLowerCase().split(/\s+/)
  const isFound = (operation: Operation): boolean => {
    const text = SEARCHED.map((path) => String(operation.getIn(path))).join(' ').toLowerCase()
    return words.every((word) => text.includes(word))
  }
  return tags
    .map((tag) => tag.update('operations', (operations) => operations.filter(isFound)))
    .filter((tag) => tag.get('operations').size > 0)
}

/** The field of the key as one that browsers neither remember nor send to a spelling service. */
const forgetKey = (Input: unknown, { React }: System) => (props: { readonly id?: string }) =>
  React.createElement(Input, props.id === 'api_key_value' ? { ...props, autoComplete: 'off', spellCheck: false } : props)

/** The user that a key belongs to; undefined if the key is refused. */
async function callerOf(key: string): Promise<Caller | undefined> {
  try {
    const answer = await fetch(at('api/user_info/'), { headers: { Authorization: key } })
    return answer.ok ? ((await answer.json()) as Caller) : undefined
  } catch {
    // The key has characters that a header may not have, or the network failed.
    return undefined
  }
}

const REPLACED = '/user/{user_id}/'

/** The example of PUT gets the name of the caller: with the contract's example, a PUT would rename the caller. */
function namedAs({ username }: Caller, spec: Spec): Spec {
  const { put, ...others } = spec.paths[REPLACED] ?? {}
  const content = { 'application/json': { ...put?.requestBody?.content['application/json'], examples: { caller: { value: { username, profile: {} } } } } }
  return { ...spec, paths: { ...spec.paths, [REPLACED]: { ...others, put: { ...put, requestBody: { ...put?.requestBody, content } } } } }
}

/**
 * Fills in the id and the name of the caller in operations on a user. Swagger UI keeps typed values under another name, which
 * takes precedence.
 */
function fillIn(caller: Caller | undefined, { specSelectors, specActions }: System): void {
  for (const [path, methods] of Object.entries(specSelectors.specJson().toJS().paths)) {
    if (!path.includes('{user_id}')) continue
    for (const method of Object.keys(methods)) specActions.changeParam([path, method], 'user_id', 'path', caller && String(caller.id))
  }
  if (caller !== undefined) specActions.updateJsonSpec(namedAs(caller, specSelectors.specJson().toJS()))
}

/** The latest key: the answer about an earlier key may arrive after the answer about this one. */
let lastKey = ''

async function useKey(key: string, system: System): Promise<void> {
  lastKey = key
  fillIn(undefined, system)
  const caller = key === '' ? undefined : await callerOf(key)
  if (key === lastKey) fillIn(caller, system)
}

const followKeys = {
  authorize: (authorize: (keys: Keys) => unknown, system: System) => (keys: Keys) => {
    for (const { value } of Object.values(keys)) void useKey(value, system)
    return authorize(keys)
  },
  logout: (logout: (names: readonly string[]) => unknown, system: System) => (names: readonly string[]) => {
    void useKey('', system)
    return logout(names)
  },
}

function nameSearch(): void {
  const input = document.querySelector('.operation-filter-input')
  input?.setAttribute('aria-label', 'Search operations')
  input?.setAttribute('placeholder', 'Search operations')
}

const dark = matchMedia('(prefers-color-scheme: dark)')
const followScheme = () => document.documentElement.classList.toggle('dark-mode', dark.matches)
dark.addEventListener('change', followScheme)
followScheme()

SwaggerUIBundle({
  dom_id: '#reference',
  url: at('openapi.json'),
  // The badge would ask a server on the internet.
  validatorUrl: null,
  // The key lives in the page's memory, and is gone with it.
  persistAuthorization: false,
  deepLinking: true,
  filter: true,
  displayOperationId: true,
  showExtensions: true,
  showCommonExtensions: true,
  onComplete: nameSearch,
  plugins: [
    {
      fn: { opsFilter: search },
      wrapComponents: { Input: forgetKey },
      statePlugins: {
        auth: { wrapActions: followKeys },
        spec: {
          wrapActions: {
            updateJsonSpec: (update: (spec: Spec) => unknown) => (spec: Spec) => update(adapt(spec)),
          },
        },
      },
    },
  ],
})
