/**
 * The script of the page `/docs`: Swagger UI on the contract of the same server. It runs in the browser alone and is served
 * as it is compiled, so it imports nothing, and declares what it uses of the browser and of Swagger UI.
 */

interface Parameter {
  readonly description?: string
  readonly required?: boolean
  readonly example?: string | number
}

interface Spec {
  readonly servers: readonly { readonly url: string }[]
  readonly paths: Readonly<Record<string, Readonly<Record<string, { readonly parameters?: readonly Parameter[] }>>>>
}

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

interface System {
  readonly React: { createElement: (component: unknown, props: object) => unknown }
}

declare const SwaggerUIBundle: (options: object) => unknown
declare const document: { readonly documentElement: Element; querySelector: (selector: string) => Element | null }
declare const matchMedia: (query: string) => Setting

const mapValues = <T, U>(object: Readonly<Record<string, T>>, change: (value: T) => U): Record<string, U> =>
  Object.fromEntries(Object.entries(object).map(([name, value]) => [name, change(value)]))

/** Swagger UI fills in every example. One of an optional parameter would be sent, as a filter that nobody asked for. */
function tellExample(parameter: Parameter): Parameter {
  const { example, ...rest } = parameter
  if (example === undefined || parameter.required) return parameter
  return { ...rest, description: `${parameter.description ?? ''} Example: \`${String(example)}\`` }
}

/** The URL of a path of this server. The script is one folder below its root, under whatever path a proxy serves it. */
const at = (path: string): string => new URL(`../${path}`, import.meta.url).href

function tellOptionalExamples(spec: Spec): Spec {
  const paths = mapValues(spec.paths, (methods) =>
    mapValues(methods, (operation) => ({ ...operation, parameters: (operation.parameters ?? []).map(tellExample) })),
  )
  // Not those of the contract: where the page is opened may not be where the public finds the server, and may ask no other host.
  return { ...spec, paths, servers: [{ url: at('api') }] }
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
        spec: {
          wrapActions: {
            updateJsonSpec: (update: (spec: Spec) => unknown) => (spec: Spec) => update(tellOptionalExamples(spec)),
          },
        },
      },
    },
  ],
})
