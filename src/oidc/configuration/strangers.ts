/** Decides whether a row that anyone can have written is stored: sign-ins that begin, pushed requests, device codes. */
import Provider, { errors } from 'oidc-provider'
import type { KoaContextWithOIDC } from 'oidc-provider'
import { TooMuchWritten, type WriteBudget } from '#http/write-budget.ts'
import { requestOrigin } from '#http/origin.ts'
import type { ArtefactRow } from '../adapter/artefact-store.ts'

/** Throws a protocol error that is shown here instead of at the app, which would only send the person again. */
export type Admission = (row: ArtefactRow) => void

export function createAdmission(budget: WriteBudget): Admission {
  return (row) => {
    const ctx = Provider.ctx
    if (!ctx || !isOfStranger(ctx, row)) return
    if (row.kind === 'Interaction') {
      assertDocument(ctx)
      assertOpened(ctx)
    }
    try {
      budget.charge(
        requestOrigin(ctx).address,
        Buffer.byteLength(JSON.stringify(row.payload)) + (row.sealed?.length ?? 0),
      )
    } catch (error) {
      if (!(error instanceof TooMuchWritten)) throw error
      ctx.set('Retry-After', String(error.retryAfterSeconds))
      throw refusal(429, 'temporarily_unavailable', error.message)
    }
  }
}

function isOfStranger({ oidc }: KoaContextWithOIDC, { kind }: ArtefactRow): boolean {
  if (kind === 'Interaction') return oidc.session?.accountId === undefined
  const isRequest = kind === 'PushedAuthorizationRequest' || kind === 'DeviceCode'
  return isRequest && oidc.client?.clientAuthMethod === 'none'
}

/**
 * A page of another site can have images or frames load our URL, which would use up the budget of its visitor's network.
 * Nobody could see the sign-in page there (W3C Fetch Metadata).
 */
function assertDocument(ctx: KoaContextWithOIDC): void {
  const destination = ctx.get('sec-fetch-dest')
  if (destination === '' || destination === 'document') return
  throw refusal(400, 'invalid_request', `a sign-in must be opened as a page, not as ${shownDestination(destination)}`)
}

/** A prefetch names the destination `document`, but any page can cause it, and nobody may ever look at the result. */
function assertOpened(ctx: KoaContextWithOIDC): void {
  const purposes = `${ctx.get('sec-purpose')};${ctx.get('purpose')}`.toLowerCase()
  if (!/\bprefetch\b/.test(purposes)) return
  throw refusal(400, 'invalid_request', 'a sign-in must be opened as a page, not fetched ahead (prefetch)')
}

function shownDestination(destination: string): string {
  return /^[a-z]{1,20}$/.test(destination) && destination !== 'empty'
    ? `${destination} of another page`
    : 'a script request'
}

function refusal(status: number, error: string, description: string): Error {
  return Object.assign(new errors.OIDCProviderError(status, error), {
    allow_redirect: false,
    expose: true,
    error_description: description,
  })
}
