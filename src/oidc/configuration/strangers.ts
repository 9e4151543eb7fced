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
    const fault = row.kind === 'Interaction' ? notAPage(ctx) : undefined
    if (fault !== undefined) throw refusal(400, 'invalid_request', fault)
    try {
      budget.charge(
        requestOrigin(ctx).address,
        Buffer.byteLength(JSON.stringify(row.payload)) + (row.sealed?.length ?? 0),
      )
    } catch (error) {
      if (!(error instanceof TooMuchWritten)) throw error
      throw tooMuch(ctx, error)
    }
  }
}

function isOfStranger({ oidc }: KoaContextWithOIDC, { kind }: ArtefactRow): boolean {
  if (kind === 'Interaction') return oidc.session?.accountId === undefined
  const isRequest = kind === 'PushedAuthorizationRequest' || kind === 'DeviceCode'
  return isRequest && oidc.client?.clientAuthMethod === 'none'
}

/**
 * Returns why a sign-in does not begin with this request, or undefined. A page of another site can have images or frames
 * load our URL, which would use up the budget of its visitor's network. Nobody could see the sign-in page there (W3C
 * Fetch Metadata). A prefetch names the destination `document`, but any page can cause it, and nobody may ever look at
 * the result.
 */
export function notAPage(ctx: Pick<KoaContextWithOIDC, 'get'>): string | undefined {
  const destination = ctx.get('sec-fetch-dest')
  if (destination !== '' && destination !== 'document') {
    return `a sign-in must be opened as a page, not as ${shownDestination(destination)}`
  }
  const purposes = `${ctx.get('sec-purpose')};${ctx.get('purpose')}`.toLowerCase()
  if (!/\bprefetch\b/.test(purposes)) return undefined
  return 'a sign-in must be opened as a page, not fetched ahead (prefetch)'
}

/** Returns the refusal of a caller who has used up a budget, with `Retry-After`. */
export function tooMuch(
  ctx: Pick<KoaContextWithOIDC, 'set'>,
  { message, retryAfterSeconds }: { readonly message: string; readonly retryAfterSeconds: number },
): Error {
  ctx.set('Retry-After', String(retryAfterSeconds))
  return refusal(429, 'temporarily_unavailable', message)
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
