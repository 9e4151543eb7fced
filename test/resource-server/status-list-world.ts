/** An issuer with a status list, an API that looks at it, and a time that the test moves. */
import { deflateSync } from 'node:zlib'
import { SignJWT } from 'jose'
import { afterEach, beforeAll, beforeEach } from 'vitest'
import {
  accessTokens,
  AccessTokenRefused,
  type AccessTokens,
  type AccessTokensOptions,
  type StatusListOptions,
} from '#resource-server/index.ts'
import {
  aSigningPair,
  anAccessToken,
  audience,
  startTestIssuer,
  type SigningPair,
  type TestIssuer,
} from './test-issuer.ts'

export const PATH = '/status-lists/0'
export const START = Date.parse('2026-01-01T00:00:00Z')
export const GOOD = 'person-1'
export const REVOKED = '401 invalid_token: The access token was revoked.'
export const NO_PLACE = '401 invalid_token: The access token has no place in a status list.'
export const FOREIGN = '401 invalid_token: The access token names a status list that does not stand below its issuer.'
export const UNAVAILABLE =
  '503 temporarily_unavailable: The status list of the token issuer cannot be read at the moment.'

/** Made anew for each test. */
export const world = {} as { now: number; pair: SigningPair; issuer: TestIssuer }

/** Has `world` made before each test of the file, and ended after it. */
export function makeWorldForEachTest(): void {
  beforeAll(async () => {
    world.pair = await aSigningPair('a')
  })

  beforeEach(async () => {
    world.now = START
    world.issuer = await startTestIssuer([world.pair])
  })

  afterEach(() => world.issuer.close())
}

export function aVerifier(statusList: boolean | StatusListOptions = true, also: Partial<AccessTokensOptions> = {}) {
  return accessTokens({
    issuer: world.issuer.issuer,
    audience,
    timeoutMs: 10_000,
    now: () => new Date(world.now),
    statusList,
    ...also,
  })
}

export interface ListParts {
  readonly claims?: Record<string, unknown>
  readonly without?: readonly string[]
  readonly typ?: string
  readonly by?: SigningPair
  readonly bytes?: Uint8Array
  readonly bits?: number
}

/** A list of 16 places, the sixth of which is marked; `parts` change it. */
export function aList(parts: ListParts = {}): Promise<string> {
  const seconds = Math.floor(world.now / 1000)
  const { by = world.pair, bits = 1, bytes = Uint8Array.of(0b0010_0000, 0) } = parts
  const claims: Record<string, unknown> = {
    sub: world.issuer.issuer + PATH,
    iat: seconds,
    exp: seconds + 120,
    ttl: 60,
    status_list: { bits, lst: deflateSync(bytes).toString('base64url') },
    ...parts.claims,
  }
  for (const name of parts.without ?? []) delete claims[name]
  return new SignJWT(claims)
    .setProtectedHeader({ alg: by.alg, kid: by.kid, typ: parts.typ ?? 'statuslist+jwt' })
    .sign(by.privateKey)
}

export async function publish(parts: ListParts = {}): Promise<void> {
  world.issuer.answers.set(PATH, await aList(parts))
}

export async function ask(
  verifier: AccessTokens,
  idx: unknown,
  uri: unknown = world.issuer.issuer + PATH,
): Promise<string> {
  return askWith(verifier, { status: { status_list: { idx, uri } } })
}

export async function askWith(verifier: AccessTokens, claims: Record<string, unknown>): Promise<string> {
  try {
    const token = await anAccessToken(world.issuer.issuer, world.pair, { claims }, world.now)
    return (await verifier.verify(`Bearer ${token}`, { scope: 'posts:read' })).sub
  } catch (error) {
    if (!(error instanceof AccessTokenRefused)) throw error
    return `${error.status} ${error.error}: ${error.error_description}`
  }
}

export const fetches = (path = PATH) => world.issuer.requests.filter((url) => url === path).length
