/** Asks the rules for client assertions about claims and header, as the engine would read them. */
import type { Client } from '#clients/client.ts'
import type { Profile } from '#clients/profiles.ts'
import { type AssertionContext, assertionFault } from '#oidc/engine/client-assertion.ts'

const ISSUER = 'https://id.example.com'
export const NOW = 1_800_000_000
export const CONTEXT: AssertionContext = {
  issuer: ISSUER,
  tokenEndpoint: `${ISSUER}/token`,
  endpoint: `${ISSUER}/par`,
  now: NOW,
  restoredAt: NOW - 86_400,
}
export const RIGHT = { iss: 'cli-1', sub: 'cli-1', aud: ISSUER, iat: NOW, exp: NOW + 60, jti: 'once' }

/** `updatedAt` in epoch seconds. */
export function aClient(profile: Profile, metadata: Record<string, unknown> = {}, updatedAt = 0): Client {
  return { id: 'cli-1', profile, metadata, updatedAt: new Date(updatedAt * 1000) } as unknown as Client
}

/** Claims and header may be objects or the JSON that was sent. */
export function faultOf(
  claims: object | string,
  header: object | string = { alg: 'ES256' },
  { client = aClient('machine'), context = {} }: { client?: Client; context?: Partial<AssertionContext> } = {},
): string | undefined {
  const [head, body] = [header, claims].map((part) => (typeof part === 'string' ? part : JSON.stringify(part)))
  const part = (text = '') => Buffer.from(text).toString('base64url')
  return assertionFault({
    jwt: `${part(head)}.${part(body)}.AA`,
    header: JSON.parse(head ?? '') as Record<string, unknown>,
    claims: JSON.parse(body ?? '') as Record<string, unknown>,
    client,
    context: { ...CONTEXT, ...context },
  })
}
