/**
 * What: once the client is known, each resource in the parameters gets its registered spelling.
 * Why: the engine compares resource indicators (RFC 8707 §2) character by character, but by RFC 3986 §6.2.2 different
 * spellings can be equivalent. The engine has no hook at the point where it first reads them.
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
