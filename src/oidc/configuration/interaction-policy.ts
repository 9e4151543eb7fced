/** When a person is asked to sign in or to consent, as the engine's interaction policy. */
import { interactionPolicy } from 'oidc-provider'
import { meets } from '#sign-in/assurance.ts'

/** The reason of a prompt that only asks for more proof than the session has. */
export const UNMET_CLASS = 'unmet_acr_values'

/** The engine's default policy with three changes. */
export function policy(): interactionPolicy.DefaultPolicy {
  const prompts = interactionPolicy.base()
  // consent is remembered: a native client is asked for what is new, like any other
  prompts.get('consent')?.checks.remove('native_client_prompt')
  // a disabled or deleted account is not signed in, whatever the session says
  prompts.get('login')?.checks.add(
    new interactionPolicy.Check('account_gone', 'End-User authentication is required', 'login_required', (ctx) => {
      const { session, account } = ctx.oidc
      return session?.accountId !== undefined && account === undefined
    }),
  )
  // RFC 9470 §5: the session does not meet the class that was requested; right after a sign-in nobody is asked again
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

/** OpenID Connect Core §3.1.2.1: `acr_values`, separated by spaces. */
export function askedClasses(params: Readonly<Record<string, unknown>>): string[] {
  const { acr_values: values } = params
  return typeof values === 'string' ? values.split(' ').filter(Boolean) : []
}
