/** Converts our clients to clients of the engine, and finds our client for a client of the engine. */
import { randomBytes } from 'node:crypto'
import type Provider from 'oidc-provider'
import type { Client as EngineClient, ClientMetadata, SigningAlgorithm } from 'oidc-provider'
import { usesCertificate, usesSecret } from '#clients/auth-methods.ts'
import type { Client } from '#clients/client.ts'
import { PROFILES } from '#clients/profiles.ts'
import { sectorOf } from '#clients/sectors.ts'

/** The engine requires a secret for clients that use one. We only store digests, so it gets a random value. */
const SECRET_PLACEHOLDER = randomBytes(32).toString('base64url')

const origins = new WeakMap<EngineClient, Client>()

/** Returns our client for an engine client. Throws TypeError if it was not made by `toEngineClient`. */
export function clientOf(engineClient: EngineClient): Client {
  const client = origins.get(engineClient)
  if (!client) throw new TypeError('the client was not made from our store')
  return client
}

/** Creates the engine's client. This parses and checks the metadata, so callers should keep the result. */
export function toEngineClient(provider: Provider, client: Client): EngineClient {
  const Constructor = provider.Client as unknown as new (metadata: ClientMetadata) => EngineClient
  const engineClient = new Constructor(engineMetadata(client))
  // our own rule decides which types of authorization details it may ask for
  Object.assign(engineClient, { authorizationDetailsTypes: undefined })
  origins.set(engineClient, client)
  return engineClient
}

function engineMetadata(client: Client): ClientMetadata {
  const { openidScopes, profile } = client
  // the engine wants the sector of each pairwise client as an https URL, and fetches nothing from it
  const { authorization_details_types: _types, sector_identifier_uri: _uri, ...metadata } = client.metadata
  const sector = metadata['subject_type'] === 'pairwise' ? `https://${sectorOf(client.metadata)}` : undefined
  const { backchannel_client_notification_endpoint: notified } = metadata
  const alg = PROFILES[profile].idTokenAlgs[0] as SigningAlgorithm
  return {
    // the engine's own default is RS256, which FAPI clients may not have
    authorization_signed_response_alg: alg,
    introspection_signed_response_alg: alg,
    ...metadata,
    // the engine notes the thumbprint of a certificate in its key
    ...(usesCertificate(metadata) ? { jwks: structuredClone(metadata['jwks']) as ClientMetadata['jwks'] } : {}),
    ...(sector === undefined ? {} : { sector_identifier_uri: sector }),
    // the engine wants https, also where http is allowed, and sends nothing there: our own delivery does
    ...(typeof notified === 'string'
      ? { backchannel_client_notification_endpoint: notified.replace(/^http:/, 'https:') }
      : {}),
    client_id: client.id,
    ...(usesSecret(metadata) ? { client_secret: SECRET_PLACEHOLDER } : {}),
    ...(openidScopes.length === 0 ? {} : { scope: openidScopes.join(' ') }),
  }
}
