/** The least that each profile needs, and how it is checked: fixtures of the tests of client metadata. */
import { generateKeyPairSync } from 'node:crypto'
import { expect } from 'vitest'
import type { Client, ClientInput } from '#clients/client.ts'
import { ClientMetadataError } from '#clients/errors.ts'
import { GRANTS } from '#oidc/grants/registry.ts'
import { offersOf } from '#oidc/offers.ts'
import type { Profile } from '#clients/profiles.ts'
import { validateClient } from '#clients/validation.ts'

const { publicKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' })
export const KEYS = { keys: [publicKey.export({ format: 'jwk' })] }
export const RSA_KEYS = {
  keys: [generateKeyPairSync('rsa', { modulusLength: 2048 }).publicKey.export({ format: 'jwk' })],
}
export const REDIRECTS = { redirect_uris: ['https://app.example.com/cb'] }
export const API = { identifier: 'https://api.example.com', scopes: [{ name: 'posts:read' }, { name: 'posts:write' }] }

/** Of a server to which client certificates come, and that knows their authorities. */
export const OFFERS = offersOf(GRANTS, { port: 3443, url: undefined, authorities: true, proxyVerifies: false })

export const DEPS = {
  findResource: async (identifier: string) => (identifier.replace(/\/$/, '') === API.identifier ? API : undefined),
  allowHttpJwksUri: (host: string) => host === 'localhost',
  offers: OFFERS,
}

/** The least that each profile needs. */
export const LEAST: Record<Profile, Record<string, unknown>> = {
  web: { ...REDIRECTS, jwks: KEYS },
  spa: REDIRECTS,
  native: { redirect_uris: ['http://127.0.0.1/cb', 'com.example.app:/cb'] },
  machine: { jwks: KEYS },
  device: {},
  fapi2: { ...REDIRECTS, jwks: KEYS },
}

export async function accept(
  profile: Profile,
  metadata: Record<string, unknown> = {},
  more: Partial<ClientInput> = {},
) {
  return validateClient(DEPS, { profile, metadata: { ...LEAST[profile], ...metadata }, ...more }, undefined)
}

export async function refuse(
  profile: unknown,
  metadata: Record<string, unknown> = {},
  more: Partial<ClientInput> = {},
) {
  const least = LEAST[profile as Profile] ?? {}
  const input = { profile, metadata: { ...least, ...metadata }, ...more }
  const error: unknown = await validateClient(DEPS, input, undefined).catch((reason: unknown) => reason)
  expect(error).toBeInstanceOf(ClientMetadataError)
  expect(error).toMatchObject({ code: 'invalid_client_metadata', status: 400 })
  return (error as ClientMetadataError).faults.map(({ field, given, expected }) => [field, given, expected])
}

export function stored(fields: Awaited<ReturnType<typeof accept>>): Client {
  const at = new Date('2026-01-02T03:04:05.678Z')
  const rest = { id: 'cli-1', origin: 'administrator', status: 'enabled', secretDigests: [], version: 1 } as const
  return { ...fields, ...rest, createdAt: at, updatedAt: at, revokedKeys: new Map(), publishedKeys: undefined }
}

export async function change(before: Client, input: Partial<ClientInput>) {
  return validateClient(DEPS, input, before)
}
