/** Shared parts of the client routes: the check of the caller's rights, and the answer. */
import type { Client, ClientInput, Clients } from '#clients/client.ts'
import { clientToMetadata } from '#clients/document.ts'
import type { ClientDocuments } from '#clients/documents/documents.ts'
import { ClientNotFound } from '#clients/errors.ts'
import type { ClientKeys } from '#clients/managed-keys.ts'
import type { Offers } from '#clients/profiles.ts'
import type { Resources } from '#resources/resource.ts'
import type { Settings } from '#settings/settings.ts'
import { type Caller, requireRightsOf } from '../caller.ts'
import type { Call, Reply } from '../route.ts'

export interface ClientRoutesDeps {
  readonly clients: Clients
  readonly clientKeys: Pick<ClientKeys, 'report' | 'refetch'>
  readonly documents: Pick<ClientDocuments, 'state' | 'refetch'>
  readonly resources: Pick<Resources, 'find'>
  /** The identifier of the admin API. */
  readonly adminResource: string
  readonly offers: Offers
  readonly settings: Pick<Settings, 'current'>
}

export function clientReply(client: Client): Reply {
  return { body: clientToMetadata(client), version: client.version }
}

/** Returns the client of a change. Throws 404, or 403 when the client has rights that the caller lacks. */
export async function clientWithinRights(deps: ClientRoutesDeps, id: string, caller: Caller): Promise<Client> {
  const client = await deps.clients.read(id)
  if (!client) throw new ClientNotFound(id)
  requireRightsOf(caller, deps.adminResource, client.allowances)
  return client
}

/**
 * Changes a client with the input that `inputOf` returns for its current state. Throws 404, or 403 when the client has
 * rights that the caller lacks, or would get such rights.
 */
export async function changeWithinRights(
  deps: ClientRoutesDeps,
  { params, expectedVersion, by, caller }: Pick<Call<unknown, unknown>, 'params' | 'expectedVersion' | 'by' | 'caller'>,
  inputOf: (before: Client) => Partial<ClientInput>,
): Promise<Client> {
  const { id } = await clientWithinRights(deps, params.client_id as string, caller)
  const update = (before: Client) => {
    // the client may have gained rights in the meantime
    requireRightsOf(caller, deps.adminResource, before.allowances)
    const input = inputOf(before)
    requireRightsAsked(deps, input, caller)
    return input
  }
  return deps.clients.update(id, update, expectedVersion, by)
}

/** Throws 403 when the input asks for rights that the caller lacks. The room reports malformed allowances. */
export function requireRightsAsked(deps: ClientRoutesDeps, input: Partial<ClientInput>, caller: Caller): void {
  if (!Array.isArray(input.allowances)) return
  const asked = input.allowances.filter((given: unknown) => {
    const { resource, scopes } = (typeof given === 'object' && given !== null ? given : {}) as Record<string, unknown>
    return typeof resource === 'string' && Array.isArray(scopes)
  })
  requireRightsOf(caller, deps.adminResource, asked)
}
