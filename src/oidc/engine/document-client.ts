/** Finds the client of a client metadata document for a request to the engine. */
import Provider, { errors } from 'oidc-provider'
import type { KoaContextWithOIDC } from 'oidc-provider'
import type { Client } from '#clients/client.ts'
import type { ClientDocuments } from '#clients/documents/documents.ts'
import { ClientDocumentRefused, TooManyDocuments } from '#clients/errors.ts'
import { requestOrigin } from '#http/origin.ts'
import { TooMuchWritten } from '#http/write-budget.ts'
import { orUnavailable } from '../adapter/errors.ts'
import { notAPage, tooMuch } from '../configuration/strangers.ts'

/** The routes at which a client names itself. Others look up clients of sessions and tokens, and fetch nothing. */
const NAMED_AT = new Set([
  'authorization',
  'backchannel_authentication',
  'device_authorization',
  'pushed_authorization_request',
  'token',
])

/** Returns the client, or undefined. At a route where the client names itself, throws why its document is refused. */
export async function findDocumentClient(
  documents: Pick<ClientDocuments, 'find'>,
  id: string,
): Promise<Client | undefined> {
  const ctx = Provider.ctx
  const isNamed = ctx?.oidc !== undefined && NAMED_AT.has(ctx.oidc.route)
  const address = ctx && requestOrigin(ctx).address
  try {
    return await orUnavailable(() => documents.find(id, { address, mayFetch: isNamed && isMeant(ctx) }))
  } catch (error) {
    if (error instanceof ClientDocumentRefused) {
      if (!isNamed) return undefined
      throw new errors.InvalidClient(error.message, error.reason)
    }
    if (ctx && (error instanceof TooManyDocuments || error instanceof TooMuchWritten)) throw tooMuch(ctx, error)
    throw error
  }
}

/** Whether the request was not caused by an image, frame or prefetch of another page. */
function isMeant(ctx: KoaContextWithOIDC): boolean {
  return ctx.oidc.route !== 'authorization' || notAPage(ctx) === undefined
}
