/** Looks up the names of clients, for lists of sessions and grants. */
import type { Clients } from '#clients/client.ts'

/** Names by client id, for clients that have one. */
export type ClientNames = ReadonlyMap<string, string>

export async function clientNames(clients: Pick<Clients, 'find'>, ids: Iterable<string>): Promise<ClientNames> {
  const names = new Map<string, string>()
  for (const id of new Set(ids)) {
    const name = (await clients.find(id))?.metadata.client_name
    if (typeof name === 'string') names.set(id, name)
  }
  return names
}
