/** The engine's interaction policy: when a person has to sign in or consent. */
import { interactionPolicy } from 'oidc-provider'
import { isIdentityAssured } from '#clients/identity.ts'
import { meets } from '#sign-in/assurance.ts'
import { clientOf } from '../engine/clients.ts'
import { isProvenBefore } from '../sessions/proof-times.ts'

/** The reason of a login prompt when the person is signed in, but below the requested class. */
export const UNMET_CLASS = 'unmet_acr_values'

/** The reason of a login prompt when the person wants to continue with another account. */
export const ANOTHER_ACCOUNT = 'another_account'

const SELECT_ACCOUNT = 'select_account'

/** The reason of a consent prompt when the identity of the app is not assured. */
export const APP_NOT_ASSURED = 'app_not_assured'

/** Returns the engine's default policy with our changes. */
export function policy(): interactionPolicy.DefaultPolicy {
  const prompts = interactionPolicy.base()
  prompts.add(selectAccount(), 0)
  // RFC 8252 §8.6: the engine asks every native app for consent each time. Ours asks the apps whose identity is not
  // assured, for one click: a sign-in, an account that was chosen, a consent, or a page with one button.
  prompts.get('consent')?.checks.remove('native_client_prompt')
  prompts
    .get('consent')
    ?.checks.add(
      new interactionPolicy.Check(
        APP_NOT_ASSURED,
        "the app's identity is not assured, so a person has to continue",
        'consent_required',
        ({ oidc: { client, params, result } }) =>
          !result && client !== undefined && !isIdentityAssured(clientOf(client), String(params?.['redirect_uri'])),
      ),
    )
  // the session of a disabled or deleted account does not count
  prompts.get('login')?.checks.add(
    new interactionPolicy.Check('account_gone', 'End-User authentication is required', 'login_required', (ctx) => {
      const { session, account } = ctx.oidc
      return session?.accountId !== undefined && account === undefined
    }),
  )
  // ASVS 6.8.4: the engine asks when the session began. A sign-in at a provider that does not say when the person was
  // there begins one, but shows nothing recent.
  prompts.get('login')?.checks.add(
    new interactionPolicy.Check('proof_too_old', 'recent authentication is required', 'login_required', (ctx) => {
      const { session, params, result } = ctx.oidc
      if (params?.['max_age'] === undefined || !session?.accountId || result?.login) return false
      return isProvenBefore(session, Number(params['max_age']))
    }),
  )
  // RFC 9470 §5: the session does not meet the requested class. Right after a sign-in, nobody is asked again.
  prompts.get('login')?.checks.add(
    new interactionPolicy.Check(
      UNMET_CLASS,
      'the session does not meet acr_values',
      'unmet_authentication_requirements',
      (ctx) => {
        const { session, params, result } = ctx.oidc
        const isSignedIn = session?.accountId !== undefined && !result?.login
        return isSignedIn && !meets(session.acr, askedClasses(params ?? {}))
      },
    ),
  )
  return prompts
}

/**
 * OpenID Connect Core §3.1.2.1: asks who of the people in this browser continues. When nobody is signed in, the sign-in
 * page asks the same, so a sign-in is a selection too.
 */
function selectAccount(): interactionPolicy.Prompt {
  const prompt = new interactionPolicy.Prompt({ name: SELECT_ACCOUNT, requestable: true })
  prompt.checks.clear()
  prompt.checks.add(
    new interactionPolicy.Check(
      'account_not_selected',
      'an account has to be selected',
      'account_selection_required',
      ({ oidc }) => oidc.promptPending(SELECT_ACCOUNT) && oidc.account !== undefined && !oidc.result?.login,
    ),
  )
  return prompt
}

/** Returns the classes in `acr_values`, which are separated by spaces (OpenID Connect Core §3.1.2.1). */
export function askedClasses(params: Readonly<Record<string, unknown>>): string[] {
  const { acr_values: values } = params
  return typeof values === 'string' ? values.split(' ').filter(Boolean) : []
}
