/** Reads the forms of an interaction, without HTTP. */
import type { Form } from '#http/body.ts'
import type { OpenInteraction } from '#oidc/interactions/interaction-gateway.ts'

export interface SignInAttempt {
  readonly identifier: string
  readonly password: string
}

/** Returns the attempt and its empty fields. The password is kept exactly as typed, with spaces. */
export function readSignIn(
  form: Pick<Form, 'one'>,
): SignInAttempt & { missing: readonly ('identifier' | 'password')[] } {
  const identifier = (form.one('identifier') ?? '').trim()
  const password = form.one('password') ?? ''
  const missing = [
    ...(identifier === '' ? (['identifier'] as const) : []),
    ...(password === '' ? (['password'] as const) : []),
  ]
  return { identifier, password, missing }
}

/** Returns the decision; undefined if neither button sent the form. */
export function readDecision(form: Pick<Form, 'one'>): 'allow' | 'deny' | undefined {
  const decision = form.one('decision')
  return decision === 'allow' || decision === 'deny' ? decision : undefined
}

export function text(value: unknown): string {
  return typeof value === 'string' ? value : ''
}

/** Returns whether a person who is already signed in is asked to sign in again (`prompt=login`, `max_age`). */
export function isReauthentication({ prompt, accountId }: OpenInteraction): boolean {
  return prompt === 'login' && accountId !== undefined
}
