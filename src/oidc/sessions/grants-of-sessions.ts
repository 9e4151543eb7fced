/**
 * Creates the engine's Grant of each session and client from the consent record. Each session has its own, so that
 * signing out in another browser does not end it.
 */
import type Provider from 'oidc-provider'
import type { Grant, KoaContextWithOIDC } from 'oidc-provider'
import { claimsOf, claimsWithin } from '../configuration/claims-parameter.ts'
import { ACCOUNT_CLIENT_ID } from '../engine/account-client.ts'
import { clientOf } from '../engine/clients.ts'
import type { ConsentStore } from './consent-store.ts'
import { keepProofs } from './proof-times.ts'
import { orUnavailable } from '../adapter/errors.ts'
import type { ScopeSelection } from '../interactions/interaction-gateway.ts'

/** Takes the place of a consent record for the account page, which needs no consent. */
const OWN_CONSENT: ScopeSelection = { openidScopes: ['openid'], resourceScopes: {} }

/** The result of the consent interaction: the scopes that the person did not allow. */
export interface ConsentResult {
  readonly rejected?: ScopeSelection
}

export function loadExistingGrant(consents: ConsentStore) {
  return async (ctx: KoaContextWithOIDC): Promise<Grant | undefined> => {
    const { client, session, account, provider, result } = ctx.oidc
    if (!client || !session || !account) return undefined
    keepProofs(ctx)
    const grantId = session.grantIdFor(client.clientId)
    const known = grantId === undefined ? undefined : await provider.Grant.find(grantId)
    // a client document whose name, redirect URIs or keys changed is another app: what it was allowed does not count
    const since = clientOf(client).document?.consentSince ?? undefined
    const isOwn = known?.accountId === account.accountId && !isBefore(known, since)
    const grant = isOwn ? known : undefined
    const consent =
      client.clientId === ACCOUNT_CLIENT_ID
        ? OWN_CONSENT
        : await orUnavailable(() => consents.find(account.accountId, client.clientId, since))
    if (!consent) return grant
    return syncGrantWithConsent(provider, ctx, {
      grant,
      consent,
      decided: result?.['consent'] as ConsentResult | undefined,
    })
  }
}

/** Whether the engine made a model before a time. It notes whole seconds. */
function isBefore({ iat }: { readonly iat?: number }, since: Date | undefined): boolean {
  return since !== undefined && (iat ?? 0) * 1000 < since.getTime()
}

/** Updates the grant to match the consent record, or creates it. Saves it only when it changed. */
async function syncGrantWithConsent(
  provider: Provider,
  ctx: KoaContextWithOIDC,
  {
    grant,
    consent,
    decided,
  }: { grant: Grant | undefined; consent: ScopeSelection; decided: ConsentResult | undefined },
): Promise<Grant> {
  const before = JSON.stringify(grant ?? null)
  const target =
    grant ??
    new provider.Grant({
      accountId: ctx.oidc.account?.accountId as string,
      clientId: ctx.oidc.client?.clientId as string,
    })
  // in the engine, an earlier refusal would win over a later consent
  if (decided) delete target.rejected
  const rejected = decided?.rejected
  addScopes(target, consent)
  if (rejected && rejected.openidScopes.length > 0) target.rejectOIDCScope(rejected.openidScopes.join(' '))
  for (const [resource, scopes] of Object.entries(rejected?.resourceScopes ?? {})) {
    target.rejectResourceScope(resource, scopes.join(' '))
  }
  addClaims(target, claimsOf(ctx.oidc.params ?? {}))
  if (JSON.stringify(target) !== before) await target.save()
  return target
}

/** Adds to a grant what a person allowed: the scopes, and the claims of the request's `params` as far as they belong to them. */
export function addConsent(grant: Grant, consent: ScopeSelection, params: Readonly<Record<string, unknown>>): void {
  addScopes(grant, consent)
  addClaims(grant, claimsOf(params))
}

function addScopes(grant: Grant, { openidScopes, resourceScopes }: ScopeSelection): void {
  if (openidScopes.length > 0) grant.addOIDCScope(openidScopes.join(' '))
  for (const [resource, scopes] of Object.entries(resourceScopes)) grant.addResourceScope(resource, scopes.join(' '))
}

/** Adds the claims that are asked for by themselves, as far as their scope is granted, and takes back what is not. */
function addClaims(grant: Grant, asked: readonly string[]): void {
  const before = grant.getOIDCClaims()
  const granted = claimsWithin(grant.getOIDCScope().split(' '), [...before, ...asked])
  if (before.length > 0) delete grant.openid?.claims
  if (granted.length > 0) grant.addOIDCClaims(granted)
}
