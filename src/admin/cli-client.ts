/** The machine client `signet-cli`, with which the command line calls the admin API. */
import type { JWK } from 'jose'
import { SYSTEM } from '#audit/audit.ts'
import type { Client, ClientInput, Clients } from '#clients/client.ts'
import { keyThumbprint } from '#clients/key-thumbprint.ts'

export const CLI_CLIENT_ID = 'signet-cli'

/** The result for the client: it existed with this key, was created, or has another key than the given one. */
export type CliClientState = 'known' | 'created' | 'other-key'

/**
 * Ensures that the client exists with the public key of the key file and all scopes of the admin API. If another key is
 * registered, the client keeps it; `signet recover` replaces it. Safe when several nodes start at the same time.
 */
export async function ensureCliClient(
  clients: Clients,
  publicJwk: JWK,
  adminResource: string,
  scopes: readonly string[],
): Promise<CliClientState> {
  const input = clientInput(publicJwk, adminResource, scopes)
  const client = await clients.read(CLI_CLIENT_ID)
  if (client === undefined) return createOnce(clients, input, publicJwk)
  const allowed = client.allowances.find(({ resource }) => resource === adminResource)?.scopes ?? []
  if (!scopes.every((scope) => allowed.includes(scope)) || client.defaultResource !== adminResource) {
    const { allowances, defaultResource } = input
    await clients.update(CLI_CLIENT_ID, { allowances, defaultResource }, undefined, SYSTEM)
  }
  return stateOf(client, publicJwk)
}

/** Returns the input that registers `signet-cli` with a key. */
export function clientInput(
  publicJwk: JWK,
  adminResource: string,
  scopes: readonly string[],
): Required<Omit<ClientInput, 'id'>> & { id: string } {
  return {
    id: CLI_CLIENT_ID,
    profile: 'machine',
    metadata: {
      client_name: 'Signet command line',
      token_endpoint_auth_method: 'private_key_jwt',
      jwks: { keys: [publicJwk] },
    },
    allowances: [{ resource: adminResource, scopes: [...scopes] }],
    defaultResource: adminResource,
  }
}

async function createOnce(clients: Clients, input: ClientInput, publicJwk: JWK): Promise<CliClientState> {
  try {
    await clients.create({ ...input, origin: 'administrator' }, SYSTEM)
    return 'created'
  } catch (error) {
    // Another node created it first.
    const client = await clients.read(CLI_CLIENT_ID)
    if (client === undefined) throw error
    return stateOf(client, publicJwk)
  }
}

function stateOf(client: Client, publicJwk: JWK): CliClientState {
  const { keys = [] } = (client.metadata['jwks'] ?? {}) as { keys?: JWK[] }
  const isThere = keys.some(({ x, y }) => x === publicJwk.x && y === publicJwk.y)
  // a revoked key stays in the registration when it is the last one
  return isThere && !client.revokedKeys.has(keyThumbprint(publicJwk)) ? 'known' : 'other-key'
}
