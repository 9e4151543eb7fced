/** Verifies software statements: client metadata that somebody trusted has signed (RFC 7591 §2.3). */
import { createLocalJWKSet, decodeJwt, errors, type JSONWebKeySet, jwtVerify } from 'jose'
import type { GuardedFetch } from '#outbound/guarded-fetch.ts'
import type { Clock } from '#shared/clock.ts'
import type { FetchedKeys } from '../client.ts'
import { KeysNotFetched } from '../errors.ts'
import { fetchKeys } from '../fetch-keys.ts'
import { ASSERTION_ALGS } from '../profiles.ts'
import { RegistrationRefused } from './errors.ts'
import type { RegistrationPolicy } from './policy.ts'
import type { Metadata, StatementIssuer } from './registration.ts'

const MAX_LENGTH = 20_000
const RETRY_MS = 10_000
/** Claims of the JWT itself (RFC 7519 §4.1), and a statement within a statement. */
const NO_METADATA = new Set(['iss', 'sub', 'aud', 'exp', 'nbf', 'iat', 'jti', 'software_statement'])

export interface SoftwareStatements {
  /**
   * Returns the metadata in the statement; undefined when nobody is trusted, so that it is ignored. Throws
   * RegistrationRefused `invalid_software_statement` or `unapproved_software_statement`.
   */
  read(statement: unknown): Promise<Metadata | undefined>
}

/**
 * Returns the policy with what the software statement of a request says, which comes before what the client says, also in
 * later changes.
 */
export async function withStatement(
  statements: SoftwareStatements,
  { software_statement: statement }: Metadata,
  policy: RegistrationPolicy,
): Promise<{ policy: RegistrationPolicy; statement: string | undefined }> {
  const fixed = statement === undefined || statement === null ? undefined : await statements.read(statement)
  return fixed ? { policy: { ...policy, fixed }, statement: String(statement) } : { policy, statement: undefined }
}

export interface SoftwareStatementDeps {
  readonly issuer: string
  readonly fetch: GuardedFetch
  readonly clock: Clock
  readonly trusted: () => readonly StatementIssuer[]
}

export function createSoftwareStatements(deps: SoftwareStatementDeps): SoftwareStatements {
  const { fetch, clock, trusted } = deps
  // by address; only those of trusted issuers are asked
  const fetches = new Map<string, { readonly keys: Promise<FetchedKeys>; until: number }>()

  /** Fetches the keys, once for all requests that need them. After a failure the address is not asked for a while. */
  async function keysAt(uri: string): Promise<JSONWebKeySet> {
    const now = clock.now().getTime()
    let known = fetches.get(uri)
    if (!known || known.until <= now) {
      known = { keys: fetchKeys(fetch, uri, clock), until: now + RETRY_MS }
      fetches.set(uri, known)
    }
    const { keys, freshUntil } = await known.keys
    known.until = freshUntil.getTime()
    return { keys: [...keys] as JSONWebKeySet['keys'] }
  }

  return {
    async read(statement) {
      if (trusted().length === 0) return undefined
      if (typeof statement !== 'string' || statement.length > MAX_LENGTH) throw invalid('it is not a signed JWT')
      const issuer = issuerOf(statement)
      const by = trusted().find((one) => one.issuer === issuer)
      if (!by) {
        const message = 'The issuer of the software statement is not trusted here.'
        throw new RegistrationRefused('unapproved_software_statement', message)
      }
      try {
        const { payload } = await jwtVerify(statement, createLocalJWKSet(await keysAt(by.jwks_uri)), {
          algorithms: [...ASSERTION_ALGS, 'Ed25519'],
          issuer: by.issuer,
          currentDate: clock.now(),
          clockTolerance: 60,
        })
        if (payload.aud !== undefined && ![payload.aud].flat().includes(deps.issuer))
          throw invalid('it is for another server')
        return Object.fromEntries(Object.entries(payload).filter(([name]) => !NO_METADATA.has(name)))
      } catch (error) {
        throw refusalOf(error)
      }
    },
  }
}

function issuerOf(statement: string): string | undefined {
  try {
    return decodeJwt(statement).iss
  } catch {
    throw invalid('it is not a signed JWT')
  }
}

function refusalOf(error: unknown): unknown {
  if (error instanceof KeysNotFetched) return invalid(`the keys of its issuer could not be fetched: ${error.reason}`)
  if (error instanceof errors.JWTExpired) return invalid('it has expired')
  if (error instanceof errors.JOSEError) return invalid('its signature or its claims are not valid')
  return error
}

function invalid(why: string): RegistrationRefused {
  return new RegistrationRefused('invalid_software_statement', `The software statement is refused: ${why}.`)
}
