import type { Passwords } from '../auth/passwords.js'
import type { KeyOwner } from '../db/lookups.js'
import type { Fault } from '../errors.js'

function textOf(value: unknown): string {
  return typeof value === 'string' ? value : ''
}

/**
 * The faults of a user as sent that the schema can't express and that need no stored data. The body may break the schema
 * too: what has the wrong type is the schema's fault, and left to it.
 */
export function bodyFaults(passwords: Passwords, { enterprise }: KeyOwner, body: unknown): Fault[] {
  if (typeof body !== 'object' || body === null) return []
  const { username, email, password, profile } = body as Record<string, unknown>
  const faults = passwords.faults(textOf(password), { username: textOf(username), email: textOf(email) })
  const sent = typeof profile === 'object' && profile !== null && 'enterprise' in profile ? profile.enterprise : undefined
  if (typeof sent === 'string' && sent.toLowerCase() !== enterprise.uuid) {
    faults.push({ code: 'validation_failed', text: "profile.enterprise: must be the caller's own" })
  }
  return faults
}
