/** Makes the `status` claim of access tokens. */
import type { AccessToken, ClientCredentials } from 'oidc-provider'
import type { StatusLists } from '#signing-keys/status-list/status-list.ts'
import type { StatusOf } from '../configuration/claims.ts'
import { requestScope } from '../engine/scope/request-scope.ts'
import type { StatusStore } from './status-store.ts'

const MAX_CLIENTS = 20_000

/** The `status` claim of a token (Token Status List §6.1). */
export interface StatusClaim {
  readonly status: ReturnType<StatusLists['claim']>
}

export interface StatusClaims {
  /** Gives a token the status index of its grant or, for a machine, of its client. */
  readonly ofToken: StatusOf
  ofClient(clientId: string): Promise<StatusClaim>
}

export function createStatusClaims(statuses: StatusStore, lists: StatusLists): StatusClaims {
  const ofClients = new Map<string, Promise<string>>()

  function indexOfClient(clientId: string): Promise<string> {
    let index = ofClients.get(clientId)
    if (!index) {
      // bounds the memory: beyond this, clients are read again
      if (ofClients.size >= MAX_CLIENTS) ofClients.clear()
      index = statuses.clientIndex(clientId)
      ofClients.set(clientId, index)
      index.catch(() => ofClients.delete(clientId))
    }
    return index
  }

  return {
    async ofToken(token) {
      const index = isPersons(token)
        ? requestScope()?.grants.statusIndexes.get(token.grantId)
        : await indexOfClient(token.clientId as string)
      if (index === undefined) throw new TypeError('the grant of an access token was not read in its request')
      return { status: lists.claim(index) }
    },
    ofClient: async (clientId) => ({ status: lists.claim(await indexOfClient(clientId)) }),
  }
}

function isPersons(token: AccessToken | ClientCredentials): token is AccessToken & { grantId: string } {
  return 'grantId' in token && typeof token.grantId === 'string'
}
