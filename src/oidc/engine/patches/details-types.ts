/**
 * What: the engine finds a validator of ours for any type of authorization details.
 * Why: its types are fixed when it is made, while resources register theirs at any time; a type that it does not know is
 * refused without saying which one (RFC 9396 §5).
 * Engine: 9.13.3
 * Test: test/flows/authorization-details.test.ts
 */
import type Provider from 'oidc-provider'
import type { Client as EngineClient, KoaContextWithOIDC } from 'oidc-provider'
import type { AuthorizationDetail } from '#resources/authorization-details.ts'
import { checkDetail } from '../../configuration/authorization-details.ts'
import { orUnavailable } from '../../adapter/errors.ts'
import type { ResourceRequests } from '../../grants/resource-requests.ts'
import { clientOf } from '../clients.ts'
import { setDetailsTypes } from '../internals.ts'

export function findDetailsTypes(provider: Provider, { requests }: { readonly requests: ResourceRequests }): void {
  setDetailsTypes(provider, {
    validate: (ctx: KoaContextWithOIDC, detail: AuthorizationDetail, client: EngineClient) =>
      orUnavailable(() => checkDetail(requests, ctx, detail, clientOf(client))),
  })
}
