/** Describes the engine's interaction for the pages: what it asks, whom, and for which scopes. */
import type { Client as EngineClient, Interaction } from 'oidc-provider'
import { OPENID_SCOPES } from '#clients/profiles.ts'
import type { AuthorizationDetail } from '#resources/authorization-details.ts'
import type { Subjects } from '#clients/subjects.ts'
import { askedAcr, expectedSubjects } from '../configuration/claims-parameter.ts'
import {
  ANOTHER_ACCOUNT,
  APP_NOT_ASSURED,
  askedScopes,
  CREATE,
  UNMET_CLASS,
} from '../configuration/interaction-policy.ts'
import { clientOf } from '../engine/clients.ts'
import type { InteractionClient, OpenInteraction, ScopeSelection } from './interaction-gateway.ts'

/** The prompt of an interaction that begins with a user code. The engine's own prompts follow it. */
export const DEVICE_PROMPT = 'device'

interface Deps {
  readonly subjects: Pick<Subjects, 'accountOf'>
}

/** Describes the open interaction. `described` is its client for the pages, `client` that of the engine. */
export function opened(
  { subjects }: Deps,
  interaction: Interaction,
  client: EngineClient | undefined,
  described: InteractionClient,
): OpenInteraction {
  const { uid, prompt, params, session } = interaction
  const asked = askedFor(interaction)
  const isDevice = interaction.deviceCode !== undefined
  return {
    uid,
    prompt: promptOf(prompt),
    client: described,
    params,
    accountId: isOfNobody(prompt) ? undefined : session?.accountId,
    expectedAccountId: client && expectedAccount(subjects, client, params),
    createsAccount: prompt.name === CREATE,
    proven: provenBefore(interaction),
    needsRecent: params['max_age'] !== undefined || promptsOf(params).includes('login'),
    asked: askedAcr(params).values,
    keepsAccess: isDevice || client?.applicationType === 'native' || keepsAccess(params),
    missing: asked,
    details: detailsOf(params),
    resources: resourcesOf(params),
  }
}

/** Returns the account that `id_token_hint` or the claim `sub` names, if it is one. */
function expectedAccount(
  subjects: Deps['subjects'],
  client: EngineClient,
  params: Interaction['params'],
): string | undefined {
  const [subject, ...others] = new Set(expectedSubjects(params).flat())
  return subject === undefined || others.length > 0 ? undefined : subjects.accountOf(subject, clientOf(client))
}

function promptOf({ name, reasons }: Interaction['prompt']): OpenInteraction['prompt'] {
  if (name === CREATE) return 'login'
  if (name === 'login' || name === 'select_account' || name === DEVICE_PROMPT) return name
  return reasons.every((reason) => reason === APP_NOT_ASSURED) ? 'continue' : 'consent'
}

/** Whether the person wants another account than the one that is signed in. */
function isOfNobody({ name, reasons }: Interaction['prompt']): boolean {
  return name === CREATE || reasons.includes(ANOTHER_ACCOUNT)
}

/**
 * Returns the session's `amr` for a step-up, which asks only for what is missing. Empty when the person has to sign in
 * again (`prompt`, `max_age`).
 */
function provenBefore({ prompt, session }: Interaction): readonly string[] {
  const isStepUp = prompt.name === 'login' && prompt.reasons.every((reason) => reason === UNMET_CLASS)
  return isStepUp ? (session?.amr ?? []) : []
}

/** Returns the scopes that are not granted yet; all requested scopes when the app asks for consent without new ones. */
export function askedFor(interaction: Interaction): ScopeSelection {
  const details = interaction.prompt.details as {
    missingOIDCScope?: string[]
    missingResourceScopes?: Record<string, string[]>
  }
  if (details.missingOIDCScope || details.missingResourceScopes) {
    return { openidScopes: details.missingOIDCScope ?? [], resourceScopes: details.missingResourceScopes ?? {} }
  }
  return selectionOf(interaction.params)
}

/** Returns all scopes that a request asks for, whatever is granted. */
export function selectionOf(params: Record<string, unknown>): ScopeSelection {
  const known = new Set<string>(OPENID_SCOPES)
  const own = scopesOf(params).filter((scope) => !known.has(scope))
  return {
    openidScopes: askedScopes(params),
    resourceScopes: own.length === 0 ? {} : Object.fromEntries(resourcesOf(params).map((one) => [one, own])),
  }
}

/** Whether a request asks for access while the person is away. */
export function keepsAccess(params: Record<string, unknown>): boolean {
  return scopesOf(params).includes('offline_access')
}

/** Returns the authorization details of a request, which were checked when it was made. */
export function detailsOf({ authorization_details: sent }: Record<string, unknown>): AuthorizationDetail[] {
  return typeof sent === 'string' ? (JSON.parse(sent) as AuthorizationDetail[]) : []
}

/** Returns the identifiers of the resources that a request is for. */
export function resourcesOf({ resource }: Record<string, unknown>): string[] {
  return [resource].flat().filter((value) => typeof value === 'string')
}

function promptsOf({ prompt }: Record<string, unknown>): string[] {
  return typeof prompt === 'string' ? prompt.split(' ') : []
}

function scopesOf({ scope }: Record<string, unknown>): string[] {
  return typeof scope === 'string' ? scope.split(' ').filter(Boolean) : []
}
