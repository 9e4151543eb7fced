/** The machine client `signet-cli`, through which the command line speaks to the admin API. */
import type { JWK } from 'jose'
import { SYSTEM } from '#audit/audit.ts'
import type { Client, ClientInput, Clients } from '#clients/client.ts'
import { keyThumbprint } from '#clients/key-thumbprint.ts'

export const CLI_CLIENT_ID = 'signet-cli'

/** What became of the client: it was there with this key, is new, or belongs to another key than the one given. */
export type CliClientState = 'known' | 'created' | 'other-key'

/**
 * Makes sure that the client exists with the public key of the key file and with all scopes of the admin API. A key
 * that differs from the registered one is not taken: that is what `signet recover` is for. Safe when nodes start at
 * once.
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

/** The registration of `signet-cli` for a key. */
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
    // Another node was faster.
    const client = await clients.read(CLI_CLIENT_ID)
    if (client === undefined) throw error
    return stateOf(client, publicJwk)
  }
}

function stateOf(client: Client, publicJwk: JWK): CliClientState {
  const { keys = [] } = (client.metadata['jwks'] ?? {}) as { keys?: JWK[] }
  const isThere = keys.some(({ x, y }) => x === publicJwk.x && y === publicJwk.y)
  // the last key stays in the registration when it is revoked
  return isThere && !client.revokedKeys.has(keyThumbprint(publicJwk)) ? 'known' : 'other-key'
}
