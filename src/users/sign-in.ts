import { hash } from 'node:crypto'
import type { components } from '../../generated/openapi.js'
import { auditActor, type Caller } from '../auth/authenticate.js'
import { makeKey } from '../auth/keys.js'
import { keyRevoked } from '../auth/made-keys.js'
import { networkOf } from '../auth/network.js'
import type { Config } from '../config.js'
import { auditOf } from '../db/audit.js'
import { inTransaction } from '../db/database.js'
import { type EnterpriseRow, findEnterprise } from '../db/enterprises.js'
import { keyWritesOf } from '../db/keys.js'
import { type Account, endTry, findAccount, type NoRoom, rememberNetwork, type Try } from '../db/sign-ins.js'
import { userWritesOf } from '../db/user-writes.js'
import { Problem } from '../errors.js'
import { nameKey } from '../names.js'
import type { Waiter } from '../overload.js'
import { lockKeys, toApiKey } from './api-keys.js'
import { makeTurns, type Turns } from './sign-in-turns.js'
import { toUser } from './user.js'
import type { WriteDeps } from './write.js'

/** What the rules of sign-ins need. */
export interface SignInDeps extends WriteDeps {
  readonly config: Pick<Config, 'deadlineMs' | 'hashQueue' | 'keysPerUser' | 'signInKeyMs' | 'signInTries' | 'signInNetworkTries' | 'signInWindowMs'>
}

/** Who wants to sign in, to what, and from where. */
export interface SignIn {
  readonly username: string
  readonly password: string
  /** The name of the enterprise; what is none names none. */
  readonly tenant: string
  readonly client: string | undefined
  /** The address that the request came from. */
  readonly address: string
  readonly request_id: string
  /** The request, as far as work asks whether it is still wanted. */
  readonly waiter: Waiter
}

/** A number that no enterprise has: what is looked up in it is looked up as everywhere, and not found. */
const NO_ENTERPRISE = -1

/** Why a sign-in was refused. For operators alone: the client must not learn the reason. */
export const signInReasons = [
  'unknown_tenant',
  'unknown_client',
  'unknown_user',
  'no_password',
  'wrong_password',
  'inactive_user',
  'too_many_attempts',
  'changed_meanwhile',
  'unavailable',
] as const

/** The facts of a refused sign-in that are logged: never the name, since users type passwords there by mistake. */
export interface SignInRefusal {
  readonly reason: (typeof signInReasons)[number]
  /** Its uuid; undefined for an unknown tenant. */
  readonly enterprise: string | undefined
  readonly network: string
}

/** The problem that a refused sign-in throws: its answer, and the facts for the log. */
export class RefusedSignIn extends Problem {
  constructor(
    readonly refusal: SignInRefusal,
    { code, errors, headers }: Problem = new Problem('invalid_credentials'),
  ) {
    super(code, errors, headers)
  }
}

function reasonOf(enterprise: EnterpriseRow | undefined, found: Account | undefined, client: string | undefined, isRight: boolean): SignInRefusal['reason'] {
  if (enterprise === undefined) return 'unknown_tenant'
  if (found === undefined) return 'unknown_user'
  if (client !== undefined && !found.has_client) return 'unknown_client'
  if (found.password_hash === null) return 'no_password'
  return isRight ? 'inactive_user' : 'wrong_password'
}

/** How much longer than its request a try may take, in milliseconds: a hash that runs at the deadline still ends. */
const HASH_MS = 5000

function tooManyTries({ most, seconds }: NoRoom, { signInWindowMs }: SignInDeps['config']): Problem {
  const limit = `at most ${String(most)} may fail in ${String(Math.ceil(signInWindowMs / 1000))} seconds`
  return new Problem('too_many_attempts', [`sign-ins: ${limit}`], { 'Retry-After': String(seconds) })
}

/** Signs in: makes a key for a user whose password is right. */
export type MakeKeyOf = (wanted: SignIn) => Promise<components['schemas']['LoginResult']>

/**
 * Makes the sign-in of a process. Every refusal runs the same statements and one verification. No more concurrent tries are
 * compared than may fail; the others wait.
 *
 * @returns the sign-in, which throws the problems `invalid_credentials` for every refusal, `too_many_attempts` and `unavailable`
 */
export function makeSignIn(deps: SignInDeps): MakeKeyOf {
  const turns = makeTurns(deps.db, deps.config)
  return (wanted) => signIn(deps, turns, wanted)
}

async function signIn(deps: SignInDeps, turns: Turns, wanted: SignIn): ReturnType<MakeKeyOf> {
  const network = networkOf(wanted.address)
  const enterprise = await findEnterprise(deps.db, wanted.tenant)
  const refusal = (reason: SignInRefusal['reason']): SignInRefusal => ({ reason, enterprise: enterprise?.uuid, network })
  try {
    return await judge(deps, turns, { enterprise, network, wanted, refusal })
  } catch (error) {
    const isOverload = error instanceof Problem && error.code === 'unavailable'
    throw isOverload ? new RefusedSignIn(refusal('unavailable'), error) : error
  }
}

interface Judged {
  readonly enterprise: EnterpriseRow | undefined
  readonly network: string
  readonly wanted: SignIn
  readonly refusal: (reason: SignInRefusal['reason']) => SignInRefusal
}

async function judge(deps: SignInDeps, turns: Turns, { enterprise, network, wanted, refusal }: Judged): ReturnType<MakeKeyOf> {
  const { db, passwords, config } = deps
  const { username, password, tenant, client, waiter } = wanted
  const name_key = nameKey(username)
  // As it was typed: whether two names are of one user must not show.
  const account = hash('sha256', `${tenant}\n${name_key}`, 'base64url')
  const found = await findAccount(db, enterprise?.id ?? NO_ENTERPRISE, { name_key, client: client ?? '', network })
  const begun: Try = {
    network,
    account,
    // Where somebody signed in before, the failures of others do not count against them.
    most: { account: config.signInTries, network: found?.is_known === true ? undefined : config.signInNetworkTries },
    windowMs: config.signInWindowMs,
    holdMs: config.deadlineMs + HASH_MS,
  }
  const full = await turns(begun, waiter)
  if (full !== undefined) throw new RefusedSignIn(refusal('too_many_attempts'), tooManyTries(full, config))

  const isRight = await passwords.verify(found?.password_hash ?? null, password, waiter).catch(async (error: unknown) => {
    await endTry(db, begun, 'dropped')
    throw error
  })
  const mayEnter = found?.is_active === true && (client === undefined || found.has_client)
  const enters = enterprise !== undefined && isRight && mayEnter
  await endTry(db, begun, enters ? 'succeeded' : 'failed')
  if (!enters) throw new RefusedSignIn(refusal(reasonOf(enterprise, found, client, isRight)))
  return enter(deps, { enterprise, found, network, wanted, refusal })
}

interface Entering extends Judged {
  readonly enterprise: EnterpriseRow
  readonly found: Account
}

/** What a right password gives, unless it was changed, or the user deactivated or deleted, since it was compared. */
async function enter(
  { db, passwords, config }: SignInDeps,
  { enterprise, found, network, wanted: { password, client, request_id }, refusal }: Entering,
): Promise<components['schemas']['LoginResult']> {
  const { id, password_hash } = found
  const rehashed = passwords.isOutdated(String(password_hash)) ? { password_hash: await passwords.hash(password) } : {}
  return inTransaction(db, async (trx) => {
    const users = userWritesOf(trx, enterprise.id)
    const locked = (await users.lock([id])).get(id)
    if (locked?.is_active !== true || (await users.passwordHash(id)) !== password_hash) throw new RefusedSignIn(refusal('changed_meanwhile'))
    const user = await users.signIn(id, rehashed)
    const keys = keyWritesOf(trx, enterprise.id)
    const revoked = await keys.revokeOldest(id, 'sign-in', config.keysPerUser - 1)
    await keys.deleteDead(id, 'sign-in')
    const { key, hash, prefix, expires_on } = makeKey(enterprise.id, config.signInKeyMs)
    const row = await keys.insert({ user_id: id, hash, prefix, expires_on, name: client ?? 'sign-in', kind: 'sign-in' })
    await rememberNetwork(trx, enterprise.id, { user_id: id, network })
    const { append } = auditOf(trx, enterprise)
    const actor = { source: 'api', actor_id: id, key_prefix: prefix, request_id } as const
    for (const old of revoked) await append(actor, keyRevoked(id, old))
    await append(actor, {
      action: 'user.sign_in',
      target_type: 'user',
      target: String(id),
      user_id: id,
      before: {},
      after: { prefix, expires_on: row.expires_on.toISOString() },
    })
    return { api_key: { ...toApiKey(row), key }, user: toUser(user, enterprise) }
  })
}

/**
 * Revokes the presented key.
 *
 * @throws {Problem} `invalid_credentials` also where it was revoked since the request began
 */
export async function signOut({ db }: Pick<WriteDeps, 'db'>, caller: Caller): Promise<void> {
  await inTransaction(db, async (trx) => {
    const { keys, presented } = await lockKeys(trx, caller, { whoMayCall: 'anyone', user_id: caller.user.id })
    await keys.revokeOne(presented.id)
    await auditOf(trx, caller.enterprise).append(auditActor(caller), keyRevoked(caller.user.id, presented.prefix))
  }, caller.waiter)
}
