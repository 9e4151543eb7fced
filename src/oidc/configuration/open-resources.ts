/** Adds to the discovery documents the resources that are open to any client, and that client documents are accepted. */
import type { Middleware } from 'koa'
import type { ClientDocuments } from '#clients/documents/documents.ts'
import { DatabaseUnavailable } from '#database/errors.ts'
import type { Resources } from '#resources/resource.ts'
import { DISCOVERY_PATHS } from '../engine/routes.ts'

export interface OpenResourcesDeps {
  readonly documents: Pick<ClientDocuments, 'isOffered'>
  readonly resources: Pick<Resources, 'open'>
}

export function publishOpenResources({ documents, resources }: OpenResourcesDeps): Middleware {
  let known: Record<string, unknown> = {}

  /** Returns the members. While the database cannot be reached, those of the last request. */
  async function members(): Promise<Record<string, unknown>> {
    try {
      const open = await resources.open()
      known = {
        // draft-ietf-oauth-client-id-metadata-document §5
        ...((await documents.isOffered()) ? { client_id_metadata_document_supported: true } : {}),
        // RFC 9728 §4: those that anyone can ask for; the others are nobody's business
        ...(open.length > 0 ? { protected_resources: [...open] } : {}),
      }
    } catch (error) {
      if (!(error instanceof DatabaseUnavailable)) throw error
    }
    return known
  }

  return async (ctx, next) => {
    await next()
    const isDiscovery = DISCOVERY_PATHS.some((path) => path === ctx.path) && ctx.status === 200
    if (isDiscovery && typeof ctx.body === 'object') Object.assign(ctx.body as object, await members())
  }
}
