import { execFileSync } from 'node:child_process'
import { mkdirSync, readdirSync } from 'node:fs'
import path from 'node:path'

const FOLDER = 'test/releases'

/** A released version of the server: its package, unpacked inside the checkout, so that it finds what it depends on. */
export interface Release {
  readonly version: string
  /** The file of its command `roster`. */
  readonly cli: string
}

/** Every released version, as `test/releases/` keeps it. */
export function releases(): Release[] {
  return readdirSync(FOLDER).map((file) => {
    const [, version = ''] = /-(\d+\.\d+\.\d+)\.tgz$/.exec(file) ?? []
    const folder = path.resolve('.cache/releases', version)
    mkdirSync(folder, { recursive: true })
    execFileSync('tar', ['-xzf', path.join(FOLDER, file), '-C', folder])
    return { version, cli: path.join(folder, 'package/dist/src/cli.js') }
  })
}
