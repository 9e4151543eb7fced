/** When a person is asked to sign in or to consent, as the engine's interaction policy. */
import { interactionPolicy } from 'oidc-provider'

/** The engine's own policy, changed in two places. */
export function policy(): interactionPolicy.DefaultPolicy {
  const prompts = interactionPolicy.base()
  // consent is remembered: a native client is asked for what is new, like any other
  prompts.get('consent')?.checks.remove('native_client_prompt')
  // an account that was disabled or deleted is signed in no more, whatever the session says
  prompts.get('login')?.checks.add(
    new interactionPolicy.Check('account_gone', 'End-User authentication is required', 'login_required', (ctx) => {
      const { session, account } = ctx.oidc
      return session?.accountId !== undefined && account === undefined
    }),
  )
  return prompts
}
