/** Converts a client to one RFC 7591 document and back. The admin API and the command line use this document. */
import type { Fault } from '#shared/app-error.ts'
import { shown } from '#shared/shown.ts'
import type { Allowance, Client, ClientInput } from './client.ts'
import { ClientMetadataError } from './errors.ts'
import { isPublic } from './auth-methods.ts'
import { PROFILES } from './profiles.ts'
import { withoutLoopbackPort } from './redirect-uris.ts'

type Document = Record<string, unknown>

/** Members that an update cannot change. The same value may be sent back. */
const UNCHANGEABLE = ['client_id', 'client_id_issued_at', 'signet_status', 'signet_client_origin'] as const

/**
 * Returns the document of a client (RFC 7591 §3.2.1), without its secret. Only the call that creates a secret returns
 * it.
 */
export function clientToMetadata(client: Client): Document {
  const { metadata, openidScopes, allowances, defaultResource } = client
  return {
    client_id: client.id,
    client_id_issued_at: Math.floor(client.createdAt.getTime() / 1000),
    ...metadata,
    ...(openidScopes.length > 0 && { scope: openidScopes.join(' ') }),
    signet_profile: client.profile,
    signet_status: client.status,
    signet_client_origin: client.origin,
    signet_allow: allowances.map(({ resource, scopes }) => ({ resource, scopes: [...scopes] })),
    ...(defaultResource !== undefined && { signet_default_resource: defaultResource }),
  }
}

/**
 * Returns the input that a document describes. Members that never change are left out when they equal those of
 * `before`, and refused otherwise. A document that was read can therefore be sent back unchanged.
 */
export function metadataToInput(document: Readonly<Document>, before?: Client): Partial<ClientInput> {
  const { signet_profile: profile, signet_allow: allow, signet_default_resource: defaultResource, ...rest } = document
  const metadata: Document = { ...rest }
  const present = before && clientToMetadata(before)
  const faults: Fault[] = []
  const id = before === undefined ? takeChosenId(metadata, faults) : undefined
  for (const field of UNCHANGEABLE) {
    if (!Object.hasOwn(metadata, field)) continue
    const given = metadata[field]
    delete metadata[field]
    if (given === present?.[field]) continue
    const expected = present ? `${String(present[field])}; it is not changed this way` : 'nothing: the server sets it'
    faults.push({ field, given: shown(given), expected })
  }
  if (faults.length > 0) throw new ClientMetadataError(faults)
  return {
    metadata,
    ...(id !== undefined && { id }),
    ...(profile !== undefined && { profile }),
    // can have any type here; the service checks it
    ...(allow !== undefined && { allowances: allow as readonly Allowance[] }),
    ...(defaultResource !== undefined && { defaultResource: defaultResource as string | null }),
  }
}

/**
 * Removes the chosen id of a new client from its document and returns it; undefined when the server generates one. Ids
 * that begin with `signet-` are reserved for built-in clients.
 */
function takeChosenId(document: Document, faults: Fault[]): string | undefined {
  const { client_id: given } = document
  delete document.client_id
  if (given === undefined) return undefined
  if (typeof given === 'string' && !given.startsWith('signet-')) return given
  faults.push({ field: 'client_id', given: shown(given), expected: 'a string that does not begin with signet-' })
  return undefined
}

/**
 * Returns the origins from which browsers may call the token endpoint for this client; none unless it is a browser app.
 */
export function originsOf({ profile, metadata }: Pick<Client, 'profile' | 'metadata'>): readonly string[] {
  if (!PROFILES[profile].hasOrigins) return []
  if (Array.isArray(metadata.signet_origins)) return metadata.signet_origins.map(String)
  return originsOfUris(metadata)
}

function originsOfUris({ redirect_uris: uris }: Client['metadata']): readonly string[] {
  return Array.isArray(uris) ? [...new Set(uris.map((uri) => new URL(String(uri)).origin))] : []
}

/**
 * Whether browsers may call the token endpoint for this client from an origin. A public app that no administrator has
 * registered may also be a page on loopback that passes for a native app, on any port.
 */
export function allowsOrigin(client: Client, origin: string): boolean {
  if (originsOf(client).includes(origin)) return true
  if (client.origin === 'administrator' || client.profile !== 'native' || !isPublic(client.metadata)) return false
  const allowed = originsOfUris(client.metadata).map(withoutLoopbackPort)
  return origin !== 'null' && allowed.includes(withoutLoopbackPort(origin))
}
