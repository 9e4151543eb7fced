/** The engine's interaction policy: when a person has to sign in or consent. */
import { errors, interactionPolicy } from 'oidc-provider'
import type { KoaContextWithOIDC } from 'oidc-provider'
import { isIdentityAssured } from '#clients/identity.ts'
import { OPENID_SCOPES } from '#clients/profiles.ts'
import type { Subjects } from '#clients/subjects.ts'
import { reaches } from '#resource-server/acr.ts'
import { meets } from '#sign-in/assurance.ts'
import { clientOf } from '../engine/clients.ts'
import { isProvenBefore } from '../sessions/proof-times.ts'
import { askedAcr, expectedSubjects, isOurs, scopesOfClaims } from './claims-parameter.ts'

/** The reason of a login prompt when the person is signed in, but below the requested class. */
export const UNMET_CLASS = 'unmet_acr_values'

/** The reason of a login prompt when the person wants to continue with another account. */
export const ANOTHER_ACCOUNT = 'another_account'

/** The reason of a consent prompt when the identity of the app is not assured. */
export const APP_NOT_ASSURED = 'app_not_assured'

const SELECT_ACCOUNT = 'select_account'
/** The prompt for people who have no account yet (Initiating User Registration 1.0 §4). */
export const CREATE = 'create'

/** The values of `prompt` besides `none`. */
export const PROMPTS = [CREATE, SELECT_ACCOUNT, 'login', 'consent'] as const

const { Check, Prompt } = interactionPolicy
type Prompts = interactionPolicy.DefaultPolicy

/** Returns the engine's default policy with our changes. */
export function policy(subjects: Subjects): Prompts {
  const prompts = interactionPolicy.base()
  prompts.add(selectAccount(), 0)
  prompts.add(createAccount(), 0)
  changeLogin(prompts, subjects)
  changeConsent(prompts)
  return prompts
}

function changeConsent(prompts: Prompts): void {
  const checks = prompts.get('consent')?.checks
  // RFC 8252 §8.6: the engine asks every native app for consent each time. Ours asks the apps whose identity is not
  // assured, for one click: a sign-in, an account that was chosen, a consent, or a page with one button.
  checks?.remove('native_client_prompt')
  checks?.add(
    new Check(
      APP_NOT_ASSURED,
      "the app's identity is not assured, so a person has to continue",
      'consent_required',
      ({ oidc: { client, params, result } }) =>
        !result && client !== undefined && !isIdentityAssured(clientOf(client), String(params?.['redirect_uri'])),
    ),
  )
  // a claim that is asked for by itself needs the consent to its scope, so that people decide about one list
  checks?.remove('op_scopes_missing')
  checks?.remove('op_claims_missing')
  checks?.add(
    new Check(
      'openid_scopes_missing',
      'requested scopes not granted',
      'consent_required',
      (ctx) => missingScopes(ctx).length > 0,
      (ctx) => ({ missingOIDCScope: missingScopes(ctx) }),
    ),
    0,
  )
}

function missingScopes({ oidc }: KoaContextWithOIDC): string[] {
  const { params = {} } = oidc
  const decided = oidc.entities.Grant?.getOIDCScopeEncountered().split(' ') ?? []
  return askedScopes(params).filter((scope) => !decided.includes(scope))
}

/** Returns the OpenID scopes that a request needs: those that it names, and those of single claims. */
export function askedScopes(params: Readonly<Record<string, unknown>>): string[] {
  const { scope } = params
  const named = typeof scope === 'string' ? scope.split(' ') : []
  const asked = [...named.filter((name) => OPENID_SCOPES.some((known) => known === name)), ...scopesOfClaims(params)]
  return [...new Set(asked)]
}

function changeLogin(prompts: Prompts, subjects: Subjects): void {
  const checks = prompts.get('login')?.checks
  // the engine's know fewer forms of the claims, and ask for ever: ours say at the app that it cannot be
  for (const reason of ['id_token_hint', 'claims_id_token_sub_value', 'essential_acrs', 'essential_acr']) {
    checks?.remove(reason)
  }
  checks?.add(anotherThanExpected(subjects))
  // the session of a disabled or deleted account does not count
  checks?.add(
    new Check('account_gone', 'End-User authentication is required', 'login_required', (ctx) => {
      const { session, account } = ctx.oidc
      return session?.accountId !== undefined && account === undefined
    }),
  )
  // ASVS 6.8.4: the engine asks when the session began. A sign-in at a provider that does not say when the person was
  // there begins one, but shows nothing recent.
  checks?.add(
    new Check('proof_too_old', 'recent authentication is required', 'login_required', (ctx) => {
      const { session, params, result } = ctx.oidc
      if (params?.['max_age'] === undefined || !session?.accountId || result?.login) return false
      return isProvenBefore(session, Number(params['max_age']))
    }),
  )
  checks?.add(unmetClass())
}

/**
 * OpenID Connect Core §3.1.2.1, §5.5.1: the app asks for one person. Another one who is signed in may sign in as that
 * person; once somebody else has signed in, the answer is an error.
 */
function anotherThanExpected(subjects: Subjects): interactionPolicy.Check {
  const description = 'the person who is signed in is not the one that id_token_hint or the claim sub asks for'
  return new Check('another_than_expected', description, 'login_required', (ctx) => {
    const { session, params, client, result } = ctx.oidc
    const expected = expectedSubjects(params ?? {})
    if (expected.length === 0 || client === undefined) return false
    if (session?.accountId === undefined) return true
    const subject = subjects.of(session.accountId, clientOf(client))
    if (expected.every((some) => some.includes(subject))) return false
    if (result?.login) throw new errors.LoginRequired(description)
    return true
  })
}

/**
 * RFC 9470 §5: the session does not meet the requested class. Right after a sign-in, nobody is asked again. OpenID
 * Connect Core §5.5.1.1: where an essential claim asks, the sign-in has failed then.
 */
function unmetClass(): interactionPolicy.Check {
  const error = 'unmet_authentication_requirements'
  return new Check(UNMET_CLASS, 'the session does not meet acr_values', error, (ctx) => {
    const { session, params, result } = ctx.oidc
    const { values, essential } = askedAcr(params ?? {})
    if (essential && (!isOurs(values) || (result?.login !== undefined && !reaches(session?.acr, values)))) {
      throw new errors.UnmetAuthenticationRequirements(`the sign-in cannot reach the essential acr ${values.join(' ')}`)
    }
    const isSignedIn = session?.accountId !== undefined && !result?.login
    return isSignedIn && !meets(session.acr, values)
  })
}

/**
 * OpenID Connect Core §3.1.2.1: asks who of the people in this browser continues. When nobody is signed in, the sign-in
 * page asks the same, so a sign-in is a selection too.
 */
function selectAccount(): interactionPolicy.Prompt {
  const prompt = new Prompt({ name: SELECT_ACCOUNT, requestable: true })
  prompt.checks.clear()
  prompt.checks.add(
    new Check(
      'account_not_selected',
      'an account has to be selected',
      'account_selection_required',
      ({ oidc }) => oidc.promptPending(SELECT_ACCOUNT) && oidc.account !== undefined && !oidc.result?.login,
    ),
  )
  return prompt
}

/** Asks for a new account, also of a person who is signed in. A sign-in with an account of theirs will do as well. */
function createAccount(): interactionPolicy.Prompt {
  const prompt = new Prompt({ name: CREATE, requestable: true })
  prompt.checks.clear()
  prompt.checks.add(
    new Check(
      'account_not_created',
      'an account has to be created',
      'interaction_required',
      ({ oidc }) => oidc.promptPending(CREATE) && !oidc.result?.login,
    ),
  )
  return prompt
}
