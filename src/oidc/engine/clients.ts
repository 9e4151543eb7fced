/** Converts our clients to clients of the engine, and finds our client for a client of the engine. */
import { randomBytes } from 'node:crypto'
import type Provider from 'oidc-provider'
import type { Client as EngineClient, ClientMetadata } from 'oidc-provider'
import { usesSecret } from '#clients/auth-methods.ts'
import type { Client } from '#clients/client.ts'
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
  origins.set(engineClient, client)
  return engineClient
}

function engineMetadata(client: Client): ClientMetadata {
  const { metadata, openidScopes } = client
  // the engine wants the sector of each pairwise client as an https URL, and fetches nothing from it
  const { sector_identifier_uri: _uri, ...members } = metadata
  const sector = metadata['subject_type'] === 'pairwise' ? `https://${sectorOf(metadata)}` : undefined
  return {
    ...members,
    ...(sector === undefined ? {} : { sector_identifier_uri: sector }),
    client_id: client.id,
    ...(usesSecret(metadata) ? { client_secret: SECRET_PLACEHOLDER } : {}),
    ...(openidScopes.length === 0 ? {} : { scope: openidScopes.join(' ') }),
  }
}
