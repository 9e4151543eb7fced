/** The machine client `signet-cli`, with which the command line administers this server. */
import type { JWK } from 'jose'
import { SYSTEM } from '#audit/audit.ts'
import type { Client, ClientInput, Clients } from '#clients/client.ts'
import type { ManagedClients } from '#clients/clients.ts'
import { ClientIdDeleted } from '#clients/errors.ts'
import { keyThumbprint } from '#clients/key-thumbprint.ts'
import type { Resources } from '#resources/resource.ts'
import { VersionMismatch } from '#shared/version-mismatch.ts'
import { ADMIN_API_PATH, ADMIN_SCOPES } from './scopes.ts'

export const CLI_CLIENT_ID = 'signet-cli'

/** The state of the client: it has this key, was created with it, has another key, or was deleted. */
export type CliClientState = 'known' | 'created' | 'other-key' | 'deleted'

/**
 * Creates the client on a new server, with the public key of the key file and all scopes of the admin API. After that,
 * its rights and key belong to the administrators: only `signet recover` restores what they took away, or the client if
 * they deleted it. Safe when several nodes start at the same time.
 */
export async function seedCliClient(
  clients: Pick<Clients, 'create' | 'read'>,
  publicJwk: JWK,
  adminResource: string,
): Promise<CliClientState> {
  try {
    await clients.create({ ...clientInput(publicJwk, adminResource), origin: 'administrator' }, SYSTEM)
    return 'created'
  } catch (error) {
    if (error instanceof ClientIdDeleted) return 'deleted'
    // another node created it first
    const created = await clients.read(CLI_CLIENT_ID)
    if (created === undefined) throw error
    return cliClientState(created, publicJwk)
  }
}

export function cliClientState(client: Client, publicJwk: JWK): 'known' | 'other-key' {
  const { keys = [] } = (client.metadata['jwks'] ?? {}) as { keys?: JWK[] }
  const isThere = keys.some(({ x, y }) => x === publicJwk.x && y === publicJwk.y)
  // a revoked key stays in the registration when it is the last one
  return isThere && !client.revokedKeys.has(keyThumbprint(publicJwk)) ? 'known' : 'other-key'
}

/**
 * Moves the scopes of `client` to the admin API of this issuer, after the issuer in the settings was changed. Grants
 * nothing that the client did not have.
 */
export async function followIssuer(
  { clients, resources }: { clients: Pick<Clients, 'update'>; resources: Pick<Resources, 'find'> },
  client: Client,
  adminResource: string,
): Promise<void> {
  const earlier = client.defaultResource
  if (earlier === undefined || earlier === adminResource) return
  // an admin API is the only resource that is allowed without being registered
  if (!earlier.endsWith(ADMIN_API_PATH) || (await resources.find(earlier))) return
  const held = client.allowances.find(({ resource }) => resource === earlier)?.scopes ?? []
  const others = client.allowances.filter(({ resource }) => resource !== earlier && resource !== adminResource)
  const moved = { resource: adminResource, scopes: held.filter((scope) => Object.hasOwn(ADMIN_SCOPES, scope)) }
  const update = { allowances: [...others, moved], defaultResource: adminResource }
  await clients.update(CLI_CLIENT_ID, update, client.version, SYSTEM).catch((error: unknown) => {
    // another node was first
    if (!(error instanceof VersionMismatch)) throw error
  })
}

/**
 * Gives the client this key as its only one and all scopes of the admin API, and enables it. Creates it when it is
 * missing or was deleted.
 */
export async function recoverCliClient(
  clients: Pick<ManagedClients, 'read' | 'create' | 'update' | 'setStatus' | 'forgetDeletion'>,
  publicJwk: JWK,
  adminResource: string,
): Promise<void> {
  const input = clientInput(publicJwk, adminResource)
  const client = await clients.read(CLI_CLIENT_ID)
  if (client === undefined) {
    await clients.forgetDeletion(CLI_CLIENT_ID)
    await clients.create({ ...input, origin: 'administrator' }, SYSTEM)
    return
  }
  await clients.update(CLI_CLIENT_ID, { ...input, metadata: { ...input.metadata, jwks_uri: null } }, undefined, SYSTEM)
  if (client.status === 'disabled') await clients.setStatus(CLI_CLIENT_ID, 'enabled', undefined, SYSTEM)
}

/** Returns the input that registers `signet-cli` with a key. */
function clientInput(publicJwk: JWK, adminResource: string): Required<Omit<ClientInput, 'id'>> & { id: string } {
  return {
    id: CLI_CLIENT_ID,
    profile: 'machine',
    metadata: {
      client_name: 'Signet command line',
      token_endpoint_auth_method: 'private_key_jwt',
      jwks: { keys: [publicJwk] },
    },
    allowances: [{ resource: adminResource, scopes: Object.keys(ADMIN_SCOPES) }],
    defaultResource: adminResource,
  }
}
