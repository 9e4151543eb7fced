/** Our clients as clients of the engine, and the way back. */
import { randomBytes } from 'node:crypto'
import type Provider from 'oidc-provider'
import type { Client as EngineClient, ClientMetadata } from 'oidc-provider'
import { usesSecret } from '#clients/auth-methods.ts'
import type { Client } from '#clients/client.ts'

/** The engine wants to see a secret where one is used; ours are digests, so it gets a value nobody can know. */
const SECRET_PLACEHOLDER = randomBytes(32).toString('base64url')

const origins = new WeakMap<EngineClient, Client>()

/** Our client behind an engine client. */
export function clientOf(engineClient: EngineClient): Client {
  const client = origins.get(engineClient)
  if (!client) throw new TypeError('the client was not made from our store')
  return client
}

/** Makes the engine's client. It parses and checks the metadata: keep the result. */
export function toEngineClient(provider: Provider, client: Client): EngineClient {
  const Constructor = provider.Client as unknown as new (metadata: ClientMetadata) => EngineClient
  const engineClient = new Constructor(engineMetadata(client))
  origins.set(engineClient, client)
  return engineClient
}

function engineMetadata(client: Client): ClientMetadata {
  const { metadata, openidScopes } = client
  return {
    ...metadata,
    client_id: client.id,
    ...(usesSecret(metadata) ? { client_secret: SECRET_PLACEHOLDER } : {}),
    ...(openidScopes.length === 0 ? {} : { scope: openidScopes.join(' ') }),
  }
}
