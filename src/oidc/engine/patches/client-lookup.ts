/**
 * What: `Client.find` reads our cache, and `compareClientSecret` compares digests.
 * Why: the engine would parse the metadata of a client again on each request, find disabled clients, and compare
 * secrets in clear text.
 * Engine: 9.13.3
 * Test: test/hazards/ended.test.ts
 */
import { timingSafeEqual } from 'node:crypto'
import type Provider from 'oidc-provider'
import type { Client as EngineClient } from 'oidc-provider'
import type { Client, Clients } from '#clients/client.ts'
import { sha256 } from '#shared/ids.ts'
import { orUnavailable } from '../../adapter/errors.ts'
import { accountClient } from '../account-client.ts'
import { clientOf, toEngineClient } from '../clients.ts'
import { requestScope } from '../scope/request-scope.ts'

export interface ClientLookupDeps {
  readonly issuer: string
  readonly clients: Clients
}

export function replaceClientLookup(provider: Provider, { clients, issuer }: ClientLookupDeps): void {
  const parsed = new WeakMap<Client, EngineClient>()
  const own = accountClient(issuer)

  function parse(client: Client): EngineClient {
    let engineClient = parsed.get(client)
    if (!engineClient) {
      engineClient = toEngineClient(provider, client)
      parsed.set(client, engineClient)
    }
    return engineClient
  }

  Object.assign(provider.Client, {
    find: async (id: unknown): Promise<EngineClient | undefined> => {
      if (typeof id !== 'string' || id.length > 512 || id.includes('\0')) return undefined
      const client = id === own.id ? own : await orUnavailable(() => clients.find(id))
      if (client?.status === 'enabled') return parse(client)
      const scope = requestScope()
      if (client && scope) scope.disabledClient = id
      return undefined
    },
  })
  Object.assign(provider.Client.prototype, {
    async compareClientSecret(this: EngineClient, given: string): Promise<boolean> {
      const digest = sha256(given)
      return clientOf(this).secretDigests.some((known) => timingSafeEqual(known, digest))
    },
  })
}
