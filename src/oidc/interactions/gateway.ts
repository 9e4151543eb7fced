/** Implements the interface that the interactions room uses, on the engine's interactions. */
import type Provider from 'oidc-provider'
import { errors } from 'oidc-provider'
import type { Context } from 'koa'
import type { AdapterPayload, Client as EngineClient, Interaction, InteractionResults } from 'oidc-provider'
import type { Audit, AuditContext } from '#audit/audit.ts'
import type { Database } from '#database/database.ts'
import { isVerified } from '#clients/identity.ts'
import type { Subjects } from '#clients/subjects.ts'
import { isLoopback } from '#config/loopback.ts'
import type { ArtefactStore, StoredArtefact } from '../adapter/artefact-store.ts'
import { orUnavailable } from '../adapter/errors.ts'
import { ROUTES } from '../engine/routes.ts'
import { rowId, type PayloadSealer } from '../adapter/sealing.ts'
import { endRecordedSessions } from '../endings/recorded.ts'
import type { Endings } from '../endings/endings.ts'
import { clientOf as ourClientOf } from '../engine/clients.ts'
import { ANOTHER_ACCOUNT } from '../configuration/interaction-policy.ts'
import type { ConsentStore } from '../sessions/consent-store.ts'
import type { ConsentResult } from '../sessions/grants-of-sessions.ts'
import { resultOfProofs } from '../sessions/proof-times.ts'
import { brandOf } from './client-brand.ts'
import {
  InteractionLost,
  type InteractionClient,
  type InteractionGateway,
  type ScopeSelection,
} from './interaction-gateway.ts'
import { askedFor, detailsOf, opened } from './opened.ts'
import { isRepeatable, type Way, type WayBack } from './way-back.ts'

export interface GatewayDeps {
  readonly issuer: string
  readonly provider: () => Provider
  readonly artefacts: ArtefactStore
  readonly db: Database
  readonly endings: Pick<Endings, 'endSessions'>
  readonly sealer: PayloadSealer
  readonly wayBack: Pick<WayBack, 'read'>
  readonly consents: ConsentStore
  readonly subjects: Pick<Subjects, 'accountOf'>
  readonly audit: Audit
  readonly auditContext: (ctx: Context) => Omit<AuditContext, 'actor'>
}

const UNMET = 'the account has no way to sign in as acr_values asks'

export type LostDeps = Pick<GatewayDeps, 'issuer' | 'provider' | 'artefacts' | 'sealer' | 'wayBack'>

export function createGateway(deps: GatewayDeps): InteractionGateway {
  return {
    async open(ctx) {
      const interaction = await currentInteraction(deps, ctx)
      const client = await deps.provider().Client.find(String(interaction.params['client_id']))
      return opened(deps, interaction, client, describeClient(client, interaction.params))
    },
    async beginAnew(ctx, accountId) {
      const interaction = await currentInteraction(deps, ctx)
      if (interaction.session?.accountId === accountId) await withoutSession(interaction)
    },
    async asAnother(ctx) {
      const interaction = await currentInteraction(deps, ctx)
      interaction.prompt = { name: 'login', reasons: [ANOTHER_ACCOUNT], details: {} }
      // what the person decided so far is not a decision of the other one
      delete interaction.lastSubmission
      await interaction.persist()
    },
    async selected(ctx) {
      await finish(ctx, await currentInteraction(deps, ctx), { select_account: {} })
    },
    async signedIn(ctx, { accountId, amr, acr, at, provenAt }) {
      const interaction = await currentInteraction(deps, ctx)
      await replaceOtherPerson(deps, ctx, { interaction, accountId })
      // with its time, because the engine reads the result again after consent
      const login = { accountId, amr: [...amr], acr, remember: true, ts: at }
      await finish(ctx, interaction, { login, ...resultOfProofs(provenAt) })
    },
    allowed: (ctx, granted, shown) => allow(deps, ctx, granted, shown),
    async continued(ctx) {
      await finish(ctx, await currentInteraction(deps, ctx), { continue: {} })
    },
    denied: (ctx) => deny(deps, ctx),
    unmet: (ctx) => unmet(deps, ctx),
  }
}

/** Returns the open interaction. Throws InteractionLost without one. */
export async function currentInteraction(deps: LostDeps, ctx: Context): Promise<Interaction> {
  try {
    return await deps.provider().interactionDetails(ctx.req, ctx.res)
  } catch (error) {
    if (error instanceof errors.SessionNotFound) throw await lost(deps, ctx)
    throw error
  }
}

/**
 * Saves the result and redirects, like the engine's interactionResult, but without reading the interaction again.
 * Status 303, so that the browser does not repost a form with a password (RFC 9700 §4.12).
 */
async function finish(ctx: Context, interaction: Interaction, result: InteractionResults): Promise<void> {
  interaction.result = 'error' in result ? result : { ...interaction.lastSubmission, ...result }
  await interaction.persist()
  ctx.redirect(interaction.returnTo)
  ctx.status = 303
}

async function allow(
  deps: GatewayDeps,
  ctx: Context,
  granted: ScopeSelection,
  shown: number | undefined,
): Promise<boolean> {
  const interaction = await currentInteraction(deps, ctx)
  const accountId = interaction.session?.accountId
  const clientId = String(interaction.params['client_id'])
  if (accountId === undefined) {
    throw new InteractionLost('unknown', { client: await clientOf(deps, interaction.params) })
  }
  const since = shown === undefined ? undefined : new Date(shown)
  if (!(await orUnavailable(() => deps.consents.add(accountId, clientId, granted, since)))) return false
  const details = detailsOf(interaction.params)
  await deps.audit.record({
    ...consentEvent(deps.auditContext(ctx), { accountId, clientId }),
    type: 'consent.granted',
    outcome: 'success',
    detail: {
      openid_scopes: granted.openidScopes,
      resource_scopes: granted.resourceScopes,
      ...(details.length > 0 && { authorization_details_types: details.map(({ type }) => type) }),
    },
  })
  const rejected = leftOut(askedFor(interaction), granted)
  await finish(ctx, interaction, { consent: { ...(rejected && { rejected }) } satisfies ConsentResult })
  return true
}

async function unmet(deps: GatewayDeps, ctx: Context): Promise<void> {
  const interaction = await currentInteraction(deps, ctx)
  const accountId = interaction.session?.accountId
  await deps.audit.record({
    ...deps.auditContext(ctx),
    actor: accountId === undefined ? { kind: 'anonymous' } : { kind: 'account', id: accountId },
    ...(accountId === undefined ? {} : { accountId }),
    clientId: String(interaction.params['client_id']),
    type: 'authorization.refused',
    outcome: 'failure',
    reason: `unmet_authentication_requirements: ${UNMET}`,
  })
  await finish(ctx, interaction, { error: 'unmet_authentication_requirements', error_description: UNMET })
}

async function deny(deps: GatewayDeps, ctx: Context): Promise<void> {
  const interaction = await currentInteraction(deps, ctx)
  const accountId = interaction.session?.accountId
  const clientId = String(interaction.params['client_id'])
  await deps.audit.record({
    ...consentEvent(deps.auditContext(ctx), { accountId, clientId }),
    type: 'consent.denied',
    outcome: 'failure',
    reason: 'the person did not allow it',
  })
  await finish(ctx, interaction, { error: 'access_denied', error_description: 'the person did not allow the request' })
}

function consentEvent(origin: Omit<AuditContext, 'actor'>, who: { accountId: string | undefined; clientId: string }) {
  const { accountId, clientId } = who
  return {
    ...origin,
    actor: accountId === undefined ? { kind: 'anonymous' as const } : { kind: 'account' as const, id: accountId },
    ...(accountId === undefined ? {} : { accountId }),
    clientId,
  }
}

async function withoutSession(interaction: Interaction): Promise<void> {
  delete interaction.session
  await interaction.persist()
}

/**
 * Ends the sessions of other persons when one signs in: that of the interaction, and that of the browser, which a second
 * tab may have begun meanwhile. The engine would use a scripted sign-out form.
 */
async function replaceOtherPerson(
  deps: GatewayDeps,
  ctx: Context,
  { interaction, accountId }: { interaction: Interaction; accountId: string },
): Promise<void> {
  const before = interaction.session
  // the engine refuses it if the browser has another session by now
  if (before?.accountId === accountId) return
  const { Session } = deps.provider()
  const ofBrowser = await orUnavailable(() => Session.get(ctx))
  const others = [before, ofBrowser].filter((one) => one?.accountId !== undefined && one.accountId !== accountId)
  const uids = new Set(others.map((one) => one?.uid).filter((uid) => uid !== undefined))
  if (uids.size === 0) return
  await withoutSession(interaction)
  const by: AuditContext = { ...deps.auditContext(ctx), actor: { kind: 'account', id: accountId } }
  const reason = 'another_person_signed_in'
  await orUnavailable(() =>
    deps.db.transaction(async (trx) => {
      for (const uid of uids) await endRecordedSessions(deps, trx, { uid }, { reason, by })
    }),
  )
}

function leftOut(asked: ScopeSelection, granted: ScopeSelection): ScopeSelection | undefined {
  const openidScopes = asked.openidScopes.filter((scope) => !granted.openidScopes.includes(scope))
  const resourceScopes: Record<string, string[]> = {}
  for (const [resource, scopes] of Object.entries(asked.resourceScopes)) {
    const missing = scopes.filter((scope) => !granted.resourceScopes[resource]?.includes(scope))
    if (missing.length > 0) resourceScopes[resource] = missing
  }
  return openidScopes.length === 0 && Object.keys(resourceScopes).length === 0
    ? undefined
    : { openidScopes, resourceScopes }
}

async function clientOf(
  deps: Pick<GatewayDeps, 'provider'>,
  params: Readonly<Record<string, unknown>>,
): Promise<InteractionClient> {
  return describeClient(await deps.provider().Client.find(String(params['client_id'])), params)
}

function describeClient(
  client: EngineClient | undefined,
  params: Readonly<Record<string, unknown>>,
): InteractionClient {
  const id = String(params['client_id'])
  const redirect = URL.parse(String(params['redirect_uri']))
  const website = redirect && /^https?:$/.test(redirect.protocol) ? redirect.origin : undefined
  return {
    id,
    name: client?.clientName ?? id,
    redirectHost: redirect?.host || redirect?.protocol.slice(0, -1) || '',
    loopbackOnly: isLoopbackOnly(client?.redirectUris ?? []),
    unverified: client !== undefined && !isVerified(ourClientOf(client)),
    documentHost: client && documentHostOf(client),
    documentSince: (client && ourClientOf(client).document?.consentSince)?.getTime(),
    brand: brandOf(client?.metadata() ?? {}),
    clientUri: client?.clientUri ?? website,
    logoUri: client?.logoUri,
    policyUri: client?.policyUri,
    tosUri: client?.tosUri,
  }
}

function isLoopbackOnly(uris: readonly string[]): boolean {
  return uris.length > 0 && uris.every((uri) => isLoopback(URL.parse(uri)?.hostname ?? ''))
}

/** Returns the host of a client document, which is all that is known of who is behind it. */
function documentHostOf(client: EngineClient): string | undefined {
  const { origin, id } = ourClientOf(client)
  return origin === 'document' ? (URL.parse(id)?.host ?? undefined) : undefined
}

/**
 * Describes an interaction that cannot continue, so that the page can offer to start the same request again or to return
 * to the app. An answered row has lost its content, and an expired one is soon removed; then the cookie knows the way.
 */
export async function lost(deps: LostDeps, ctx: Context): Promise<InteractionLost> {
  const uid = /\/(?:interaction|authorize|device)\/([\w-]{1,64})/.exec(ctx.path)?.[1]
  if (uid === undefined) return new InteractionLost('unknown')
  const stored = await orUnavailable(() => deps.artefacts.find('Interaction', rowId(uid)))
  const way = wayOf(deps, stored) ?? deps.wayBack.read(ctx, uid)
  if (!way) return new InteractionLost('unknown', { pageUrl: pageOf(deps.issuer, ctx, uid) })
  const client = await clientOf(deps, way.params)
  const device = way.isDevice === true ? deps.issuer + ROUTES.code_verification : undefined
  if (stored && stored.consumedSeconds !== null) return new InteractionLost('unknown', { client, restartUrl: device })
  const restartUrl = way.repeatable ? restart(deps.issuer, way.params) : device
  if (!stored || (stored.remainingSeconds !== null && stored.remainingSeconds <= 0)) {
    return new InteractionLost('expired', { client, restartUrl })
  }
  // the row is valid, so this browser's cookies do not match it, or its session has changed since
  return new InteractionLost('foreign', { client, restartUrl })
}

/** The browser sends the cookie to the page of the interaction only, so another address of the interaction leads there. */
function pageOf(issuer: string, ctx: Context, uid: string): string | undefined {
  return /\/(?:authorize|device)\//.test(ctx.path) ? `${issuer}/interaction/${uid}` : undefined
}

function wayOf({ sealer }: LostDeps, stored: StoredArtefact | undefined): Way | undefined {
  if (!stored) return undefined
  const payload = sealer.open('Interaction', stored.id, stored).payload as Partial<AdapterPayload>
  const isDevice = payload.deviceCode !== undefined
  return payload.params && { params: payload.params, repeatable: isRepeatable(payload) && !isDevice, isDevice }
}

function restart(issuer: string, params: Readonly<Record<string, unknown>>): string {
  const query = new URLSearchParams()
  for (const [name, value] of Object.entries(params)) {
    for (const one of [value].flat()) if (typeof one === 'string') query.append(name, one)
  }
  return `${issuer}/authorize?${query.toString()}`
}
