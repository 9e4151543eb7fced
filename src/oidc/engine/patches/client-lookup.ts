/**
 * What: `Client.find` reads our cache, or the client document behind a URL, and `compareClientSecret` compares digests.
 * Why: the engine would parse the metadata of a client again on each request, find disabled clients, and compare
 * secrets in clear text. Its own client documents are kept by each process, a hundred of them, with rules of its own.
 * Engine: 9.13.3
 * Test: test/hazards/ended.test.ts
 */
import { timingSafeEqual } from 'node:crypto'
import type Provider from 'oidc-provider'
import type { Client as EngineClient } from 'oidc-provider'
import type { Client, Clients } from '#clients/client.ts'
import { isDocumentId } from '#clients/documents/document-id.ts'
import type { ClientDocuments } from '#clients/documents/documents.ts'
import { sha256 } from '#shared/ids.ts'
import { orUnavailable } from '../../adapter/errors.ts'
import { accountClient } from '../account-client.ts'
import { clientOf, toEngineClient } from '../clients.ts'
import { findDocumentClient } from '../document-client.ts'
import { requestScope } from '../scope/request-scope.ts'

export interface ClientLookupDeps {
  readonly issuer: string
  readonly clients: Clients
  readonly documents: Pick<ClientDocuments, 'find'>
}

export function replaceClientLookup(provider: Provider, { clients, documents, issuer }: ClientLookupDeps): void {
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

  function lookUp(id: string): Promise<Client | undefined> {
    return isDocumentId(id) ? findDocumentClient(documents, id) : orUnavailable(() => clients.find(id))
  }

  Object.assign(provider.Client, {
    find: async (id: unknown): Promise<EngineClient | undefined> => {
      if (typeof id !== 'string' || id.length > 512 || id.includes('\0')) return undefined
      const client = id === own.id ? own : await lookUp(id)
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
