/** The way through an interaction, without HTTP: what is asked next, and what a sent form means. */
import type { Form } from '#http/body.ts'
import type { OpenInteraction } from '#oidc/interactions/interaction-gateway.ts'

export interface SignInAttempt {
  readonly identifier: string
  readonly password: string
}

/** The attempt, and which of its fields are empty. A password is taken as it was typed, blanks included. */
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

/** `undefined` when the form was sent by neither button. */
export function readDecision(form: Pick<Form, 'one'>): 'allow' | 'deny' | undefined {
  const decision = form.one('decision')
  return decision === 'allow' || decision === 'deny' ? decision : undefined
}

export function text(value: unknown): string {
  return typeof value === 'string' ? value : ''
}

/** Whether somebody who is signed in already is asked to sign in (`prompt=login`, `max_age`). */
export function isReauthentication({ prompt, accountId }: OpenInteraction): boolean {
  return prompt === 'login' && accountId !== undefined
}
