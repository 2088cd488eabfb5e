import path from 'node:path'
import ts from 'typescript'

/** The parts of src/, from the lowest to the highest. A file may import from its own part and from lower ones. */
const ORDER = [
  // For Node and browsers: it imports nothing of the server.
  ['client'],
  ['errors', 'settings', 'service-links', 'config', 'names', 'contract', 'overload'],
  ['db'],
  ['auth'],
  ['users'],
  ['handlers'],
  ['http'],
  ['app'],
  ['ops'],
  ['main'],
  ['workers'],
  ['commands'],
  ['cli'],
  // These write generated/; no part of the server.
  ['collection', 'generate'],
]
const FORBIDDEN_PAIRS = new Set(['db > contract'])
const QUERIES = /^(selectFrom|insertInto|updateTable|deleteFrom|replaceInto|mergeInto|selectNoFrom|executeQuery)$/
const DRIVERS = new Set(['kysely', 'pg'])

const partOf = (file: string): string => /^src\/([^/.]+)/.exec(file)?.[1] ?? ''
const levelOf = (file: string): number => ORDER.findIndex((parts) => parts.includes(partOf(file)))

interface Import {
  readonly name: string
  readonly typeOnly: boolean
}

interface Facts {
  readonly imports: readonly Import[]
  readonly faults: readonly string[]
}

function isTypeOnly(clause: ts.ImportClause | undefined): boolean {
  if (clause === undefined) return false
  const named = clause.namedBindings
  if (clause.phaseModifier === ts.SyntaxKind.TypeKeyword) return true
  return clause.name === undefined && named !== undefined && ts.isNamedImports(named) && named.elements.every((one) => one.isTypeOnly)
}

function importOf(node: ts.Node): Import | undefined {
  const text = (specifier: ts.Node | undefined) => (specifier && ts.isStringLiteralLike(specifier) ? specifier.text : undefined)
  const found = (name: string | undefined, typeOnly: boolean) => (name === undefined ? undefined : { name, typeOnly })
  if (ts.isImportDeclaration(node)) return found(text(node.moduleSpecifier), isTypeOnly(node.importClause))
  if (ts.isExportDeclaration(node)) return found(text(node.moduleSpecifier), node.isTypeOnly)
  if (ts.isImportTypeNode(node) && ts.isLiteralTypeNode(node.argument)) return found(text(node.argument.literal), true)
  if (ts.isCallExpression(node) && node.expression.kind === ts.SyntaxKind.ImportKeyword) return found(text(node.arguments[0]), false)
  return undefined
}

function readsEnvironment(node: ts.Node): boolean {
  const isProcess = (of: ts.Node) => ts.isIdentifier(of) && of.text === 'process'
  if (ts.isPropertyAccessExpression(node)) return isProcess(node.expression) && node.name.text === 'env'
  if (ts.isElementAccessExpression(node)) {
    return isProcess(node.expression) && ts.isStringLiteralLike(node.argumentExpression) && node.argumentExpression.text === 'env'
  }
  if (ts.isBindingElement(node)) return (node.propertyName ?? node.name).getText() === 'env' && isProcess(node.parent.parent.getChildren().at(-1) ?? node)
  return ts.isImportSpecifier(node) && (node.propertyName ?? node.name).text === 'env'
}

function writesSql(node: ts.Node, found: Import | undefined): boolean {
  if (found && !found.typeOnly && DRIVERS.has(found.name)) return true
  if (ts.isTaggedTemplateExpression(node)) return node.tag.getText().startsWith('sql')
  return ts.isPropertyAccessExpression(node) && QUERIES.test(node.name.text)
}

function isExported(node: ts.Node): node is ts.DeclarationStatement | ts.VariableStatement {
  return ts.canHaveModifiers(node) && (ts.getModifiers(node) ?? []).some(({ kind }) => kind === ts.SyntaxKind.ExportKeyword)
}

function nameOf(node: ts.DeclarationStatement | ts.VariableStatement): string {
  return ts.isVariableStatement(node) ? node.declarationList.declarations[0]!.name.getText() : (node.name?.getText() ?? 'default')
}

/** What one file imports, and what is wrong with it by itself. */
function factsOf(file: string, text: string): Facts {
  const source = ts.createSourceFile(file, text, ts.ScriptTarget.Latest, true)
  const imports: Import[] = []
  const faults: string[] = []
  const visit = (node: ts.Node): void => {
    const found = importOf(node)
    if (found) imports.push(found)
    if (file !== 'src/config.ts' && readsEnvironment(node)) faults.push(`${file}: reads the environment`)
    if (file.startsWith('src/') && partOf(file) !== 'db' && writesSql(node, found)) faults.push(`${file}: has SQL`)
    ts.forEachChild(node, visit)
  }
  visit(source)
  if (file.startsWith('src/')) {
    for (const node of source.statements) {
      if (!isExported(node) || ts.getJSDocCommentsAndTags(node).length > 0) continue
      faults.push(`${file}: ${nameOf(node)} has no docstring`)
    }
  }
  return { imports, faults }
}

/** The file that an import means, as `src/db/users.ts`; undefined for a package. */
function targetOf(file: string, name: string): string | undefined {
  if (!name.startsWith('.')) return undefined
  return path.posix.join(path.posix.dirname(file), name).replace(/\.js$/, '.ts')
}

function directionFault(from: string, to: string): string | undefined {
  if (from.startsWith('migrations/')) return `${from}: imports ${to}, and a migration imports nothing of ours`
  if (to.startsWith('generated/')) return undefined
  if (!to.startsWith('src/')) return `${from}: imports ${to}, from outside src/`
  const upward = levelOf(from) < levelOf(to) || FORBIDDEN_PAIRS.has(`${partOf(from)} > ${partOf(to)}`)
  return upward ? `${from}: imports ${to}, which is above it` : undefined
}

/** The first circle that a walk from each file finds, as `a > b > a`, once a circle. */
function circles(targets: ReadonlyMap<string, readonly string[]>): string[] {
  const found: string[] = []
  const done = new Set<string>()
  const walk = (file: string, trail: readonly string[]): void => {
    const at = trail.indexOf(file)
    if (at >= 0) found.push(`a circle: ${[...trail.slice(at), file].join(' > ')}`)
    if (at >= 0 || done.has(file)) return
    for (const target of targets.get(file) ?? []) walk(target, [...trail, file])
    done.add(file)
  }
  for (const file of targets.keys()) walk(file, [])
  return found
}

/**
 * What in these files is against the shape of the code: imports that do not flow one way, circles, the environment read
 * outside config.ts, SQL outside db/, migrations that import something of ours, exports without a docstring.
 *
 * @param files text by name, as `src/db/users.ts`
 */
export function violations(files: ReadonlyMap<string, string>): string[] {
  const facts = new Map([...files].map(([file, text]) => [file, factsOf(file, text)]))
  const targets = new Map(
    [...facts].map(([file, { imports }]) => [file, imports.flatMap(({ name }) => targetOf(file, name) ?? [])]),
  )
  const homeless = [...files.keys()].filter((file) => file.startsWith('src/') && levelOf(file) < 0)
  return [
    ...new Set([
      ...homeless.map((file) => `${file}: has no place in the order of imports`),
      ...[...facts.values()].flatMap(({ faults }) => faults),
      ...[...targets].flatMap(([file, to]) => to.flatMap((target) => directionFault(file, target) ?? [])),
      ...circles(targets),
    ]),
  ]
}
