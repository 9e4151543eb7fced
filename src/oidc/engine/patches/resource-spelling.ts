/**
 * What: the registered spelling of each named resource is put into the parameters, once the client is known.
 * Why: the engine compares resource indicators letter by letter (RFC 8707 §2); RFC 3986 §6.2.2 has other spellings mean
 * the same. Where a value is first read, the engine has no hook.
 * Engine: 9.13.3
 * Test: test/flows/client-credentials.test.ts
 */
import type Provider from 'oidc-provider'
import { canonicalResources } from '../../configuration/resources.ts'
import type { ResourceRequests } from '../../grants/resource-requests.ts'
import { onClientFound } from '../on-client-found.ts'

export function spellResources(provider: Provider, { requests }: { readonly requests: ResourceRequests }): void {
  onClientFound(provider, (ctx) => canonicalResources(requests, ctx.oidc.params as Record<string, unknown>))
}
