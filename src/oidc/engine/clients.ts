/** Clients for the engine: parsed once a version from our cache, with hashed secrets; a disabled one is not found. */
import { randomBytes, timingSafeEqual } from 'node:crypto'
import Provider from 'oidc-provider'
import type { Client as EngineClient, ClientMetadata } from 'oidc-provider'
import type { Client, Clients } from '#clients/client.ts'
import { sha256 } from '#shared/ids.ts'
import { accountClient } from './account-client.ts'
import { orUnavailable } from '../adapter/errors.ts'
import { type KeysOfClients, tendKeyStore } from './patches/client-key-store.ts'

/** Metadata of ours that the engine keeps beside its own. */
export const EXTRA_CLIENT_METADATA = [
  'signet_accent',
  'signet_assertion_audience',
  'signet_introspect',
  'signet_logo',
  'signet_origins',
  'signet_pkce',
  'signet_verified',
]

/** The engine wants to see a secret where one is used; ours are digests, so it gets a value nobody can know. */
const SECRET_PLACEHOLDER = randomBytes(32).toString('base64url')

export interface EngineClients {
  /** Our client of an engine client. */
  ours(client: EngineClient): Client
}

type Prepare = (ctx: NonNullable<typeof Provider.ctx>, client: Client) => Promise<void>

/**
 * Replaces the engine's client lookup, which would parse its metadata again on each request. `prepare` runs once the
 * client of a request is known and before anything is decided.
 */
export function installClients(
  provider: Provider,
  { clients, clientKeys, issuer }: { clients: Clients; clientKeys: KeysOfClients; issuer: string },
  prepare: Prepare,
): EngineClients {
  const parsed = new WeakMap<Client, EngineClient>()
  const origin = new WeakMap<EngineClient, Client>()
  const own = accountClient(issuer)

  function ours(client: EngineClient): Client {
    const found = origin.get(client)
    if (!found) throw new TypeError('the client was not made from our store')
    return found
  }

  function parse(client: Client): EngineClient {
    let engineClient = parsed.get(client)
    if (!engineClient) {
      const Constructor = provider.Client as unknown as new (metadata: ClientMetadata) => EngineClient
      engineClient = new Constructor(engineMetadata(client))
      tendKeyStore(engineClient, client, clientKeys)
      parsed.set(client, engineClient)
      origin.set(engineClient, client)
    }
    return engineClient
  }

  Object.assign(provider.Client, {
    find: async (id: unknown): Promise<EngineClient | undefined> => {
      if (typeof id !== 'string' || id.length > 512 || id.includes('\0')) return undefined
      const client = id === own.id ? own : await orUnavailable(() => clients.find(id))
      if (client?.status !== 'enabled') return undefined
      const ctx = Provider.ctx
      if (ctx?.oidc?.params) await prepare(ctx, client)
      return parse(client)
    },
  })
  Object.assign(provider.Client.prototype, {
    async compareClientSecret(this: EngineClient, given: string): Promise<boolean> {
      const digest = sha256(given)
      return ours(this).secretDigests.some((known) => timingSafeEqual(known, digest))
    },
  })
  return { ours }
}

function engineMetadata(client: Client): ClientMetadata {
  const { metadata, openidScopes } = client
  const method = metadata['token_endpoint_auth_method']
  const bySecret = typeof method === 'string' && method.startsWith('client_secret_')
  return {
    ...metadata,
    client_id: client.id,
    ...(bySecret ? { client_secret: SECRET_PLACEHOLDER } : {}),
    ...(openidScopes.length === 0 ? {} : { scope: openidScopes.join(' ') }),
  }
}
