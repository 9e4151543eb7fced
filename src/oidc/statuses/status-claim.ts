/** Makes the `status` claim of access tokens. */
import type { AccessToken, ClientCredentials } from 'oidc-provider'
import type { StatusLists } from '#signing-keys/status-list/status-list.ts'
import type { StatusOf } from '../configuration/claims.ts'
import { requestScope } from '../engine/scope/request-scope.ts'
import type { StatusStore } from './status-store.ts'

const MAX_CLIENTS = 20_000

/** Returns a function that gives a token the status index of its grant or, for a machine, of its client. */
export function createStatusOf(statuses: StatusStore, lists: StatusLists): StatusOf {
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

  return async (token) => {
    const index = isPersons(token)
      ? requestScope()?.grants.statusIndexes.get(token.grantId)
      : await indexOfClient(token.clientId as string)
    if (index === undefined) throw new TypeError('the grant of an access token was not read in its request')
    return { status: lists.claim(index) }
  }
}

function isPersons(token: AccessToken | ClientCredentials): token is AccessToken & { grantId: string } {
  return 'grantId' in token && typeof token.grantId === 'string'
}
