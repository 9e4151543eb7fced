/** Routes `/clients/{client_id}/document`: the client metadata document behind a client id. */
import { z } from 'zod'
import type { DocumentState } from '#clients/documents/document-store.ts'
import { route, type Route } from '../route.ts'
import { type ClientRoutesDeps, clientWithinRights } from './client-access.ts'

const tag = 'Clients'
const path = '/clients/{client_id}/document'
const moment = z.iso.datetime()

const documentState = z
  .strictObject({
    client_id: z.string().meta({ description: 'The address of the document.' }),
    fetched_at: moment.nullable().meta({ description: 'When it was last received or confirmed.' }),
    attempted_at: moment,
    next_at: moment.meta({ description: 'From then on it is fetched again when a client names it.' }),
    error: z.string().nullable().meta({ description: 'Why the last attempt failed.' }),
    consent_since: moment.nullable().meta({
      description: 'When its name, redirect URIs or keys last changed: earlier consent no longer counts.',
    }),
  })
  .meta({ id: 'ClientDocumentState' })

export function clientDocumentRoutes(deps: ClientRoutesDeps): Route[] {
  return [readDocument(deps), refetchDocument(deps)]
}

function readDocument({ documents }: ClientRoutesDeps): Route {
  return route({
    method: 'GET',
    path,
    operationId: 'readClientDocument',
    tag,
    summary: 'Read when a client document was fetched, and why it failed; also one that is no client yet',
    scope: 'clients:read',
    answer: { status: 200, description: 'The last fetch.', schema: documentState },
    refusals: [404],
    async handle({ params }) {
      const id = params.client_id as string
      return { body: toDocumentState(id, await documents.state(id)) }
    },
  })
}

function refetchDocument(deps: ClientRoutesDeps): Route {
  return route({
    method: 'POST',
    path: `${path}/refetch`,
    operationId: 'refetchClientDocument',
    tag,
    summary: 'Fetch a client document now, for every node',
    scope: 'clients:write',
    answer: {
      status: 200,
      description: 'The fetch. Where it failed, `error` says why, and what was known before stays.',
      schema: documentState,
    },
    refusals: [404],
    async handle({ params, by, caller }) {
      const { id } = await clientWithinRights(deps, params.client_id as string, caller)
      return { body: toDocumentState(id, await deps.documents.refetch(id, by)) }
    },
  })
}

function toDocumentState(id: string, state: DocumentState): z.infer<typeof documentState> {
  return {
    client_id: id,
    fetched_at: state.fetchedAt?.toISOString() ?? null,
    attempted_at: state.attemptedAt.toISOString(),
    next_at: state.nextAt.toISOString(),
    error: state.error,
    consent_since: state.consentSince?.toISOString() ?? null,
  }
}
