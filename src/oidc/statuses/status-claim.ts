/** Which place in the status lists an access token has. */
import type { AccessToken, ClientCredentials } from 'oidc-provider'
import type { StatusLists } from '#signing-keys/status-list/status-list.ts'
import type { StatusOf } from '../configuration/claims.ts'
import { requestScope } from '../engine/scope/request-scope.ts'
import type { StatusStore } from './status-store.ts'

const MAX_CLIENTS = 20_000

/** The place of its grant or, for a machine, of its client: no token has one of its own. */
export function createStatusOf(statuses: StatusStore, lists: StatusLists): StatusOf {
  const ofClients = new Map<string, Promise<string>>()

  function placeOfClient(clientId: string): Promise<string> {
    let place = ofClients.get(clientId)
    if (!place) {
      // a place is two short texts; more clients than this at once are read again
      if (ofClients.size >= MAX_CLIENTS) ofClients.clear()
      place = statuses.clientIndex(clientId)
      ofClients.set(clientId, place)
      place.catch(() => ofClients.delete(clientId))
    }
    return place
  }

  return async (token) => {
    const place = isPersons(token)
      ? requestScope()?.grants.statusIndexes.get(token.grantId)
      : await placeOfClient(token.clientId as string)
    if (place === undefined) throw new TypeError('the grant of an access token was not read in its request')
    return { status: lists.claim(place) }
  }
}

function isPersons(token: AccessToken | ClientCredentials): token is AccessToken & { grantId: string } {
  return 'grantId' in token && typeof token.grantId === 'string'
}
