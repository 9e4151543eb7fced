/** Finds the client that an argument means: by its id, or by a name that no other client has. */
import { type AdminClient, apiPath, type Document } from '../../admin-client.ts'
import { CliFailure } from '../../failure.ts'
import { collectAll } from '../../output.ts'

export interface FoundClient {
  readonly id: string
  readonly document: Document
  readonly etag: string | undefined
}

/** Throws CliFailure `client_not_found`, or `client_name_ambiguous` with the ids when several clients have the name. */
export async function findClient(api: AdminClient, given: string): Promise<FoundClient> {
  try {
    return { id: given, ...(await api.read(apiPath('clients', given))) }
  } catch (error) {
    if (!(error instanceof CliFailure && error.code === 'client_not_found')) throw error
    const ids = await idsOf(api, given)
    const [id] = ids
    if (id === undefined) throw error
    if (ids.length > 1) {
      const message = `${ids.length} clients have the name ${JSON.stringify(given)}: name one by its id, ${ids.join(' or ')}.`
      throw new CliFailure(message, { code: 'client_name_ambiguous' })
    }
    return { id, ...(await api.read(apiPath('clients', id))) }
  }
}

async function idsOf(api: AdminClient, name: string): Promise<string[]> {
  const clients = await collectAll(api.list('/clients'))
  return clients.filter((client) => client.client_name === name).map((client) => String(client.client_id))
}
