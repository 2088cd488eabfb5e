/** Changes a contract in place. */
export type Edit = (contract: object) => void

type Container = Record<string, unknown>

/** Names between dots: no name of the contract has one. */
function split(path: string): [parents: string[], name: string] {
  const names = path.split('.')
  return [names.slice(0, -1), names.at(-1)!]
}

function at(contract: object, names: readonly string[]): Container {
  return names.reduce<Container>((node, name) => {
    if (typeof node[name] !== 'object') throw new Error(`no ${name} in ${names.join('.')}`)
    return node[name] as Container
  }, contract as Container)
}

function editOf(path: string, edit: (parent: Container, name: string, value: unknown) => void): Edit {
  const [parents, name] = split(path)
  return (contract) => {
    const parent = at(contract, parents)
    edit(parent, name, parent[name])
  }
}

/** Adds or replaces. */
export const set = (path: string, value: unknown): Edit =>
  editOf(path, (parent, name) => (parent[name] = structuredClone(value)))

/** Takes away what must be there. */
export const drop = (path: string): Edit =>
  editOf(path, (parent, name, value) => {
    if (value === undefined) throw new Error(`no ${path}`)
    if (Array.isArray(parent)) parent.splice(Number(name), 1)
    else Reflect.deleteProperty(parent, name)
  })

/** Adds to the end of a list. */
export const push = (path: string, value: unknown): Edit =>
  editOf(path, (_parent, _name, list) => (list as unknown[]).push(structuredClone(value)))

/** Takes out of a list what must be in it. */
export const without = (path: string, value: string): Edit =>
  editOf(path, (parent, name, list) => {
    if (!(list as unknown[]).includes(value)) throw new Error(`no ${value} in ${path}`)
    parent[name] = (list as unknown[]).filter((one) => one !== value)
  })

/** Turns the order around, of a list or of an object's names. */
export const reverse = (path: string): Edit =>
  editOf(path, (parent, name, value) => {
    const turned = () => Object.fromEntries(Object.entries(value as Container).reverse())
    parent[name] = Array.isArray(value) ? value.toReversed() : turned()
  })

/** Gives what is at one place another place; references stay as they are. */
export const move = (path: string, to: string): Edit => all(copy(path, to), drop(path))

/** Puts a copy of what is at one place at another. */
export const copy =
  (path: string, to: string): Edit =>
  (contract) => {
    const [parents, name] = split(path)
    set(to, at(contract, parents)[name])(contract)
  }

/** Makes all references to one component those to another. */
export const refer = (from: string, to: string): Edit => {
  const visit = (node: unknown): void => {
    if (typeof node !== 'object' || node === null) return
    if ('$ref' in node && node.$ref === from) node.$ref = to
    Object.values(node).forEach(visit)
  }
  return visit
}

/** Several edits, one after the other. */
export const all =
  (...edits: readonly Edit[]): Edit =>
  (contract) => {
    for (const edit of edits) edit(contract)
  }
