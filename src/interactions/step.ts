/** What every step of an interaction needs: its parts, its addresses, and the guard of its forms. */
import type { Context } from 'koa'
import type { Accounts } from '#accounts/account.ts'
import type { Audit, AuditContext } from '#audit/audit.ts'
import {
  InteractionLost,
  type InteractionGateway,
  type OpenInteraction,
} from '#oidc/interactions/interaction-gateway.ts'
import type { Resources } from '#resources/resource.ts'
import type { Settings } from '#settings/settings.ts'
import { TooManyMails } from '#verification/email-code/errors.ts'
import type { PasswordReset } from '#verification/password-reset.ts'
import type { Registration } from '#verification/registration.ts'
import { SignInBusy, TooManyAttempts } from '#sign-in/errors.ts'
import type { Federated } from '#federation/upstream-sign-in.ts'
import type { Passkeys } from '#sign-in/passkey/passkey.ts'
import type { Passwords } from '#sign-in/password/password.ts'
import type { RecoveryCodes } from '#sign-in/recovery-code/recovery-codes.ts'
import type { Totp } from '#sign-in/totp/totp.ts'
import type { Form } from '#http/body.ts'
import type { Csrf, FormField } from '#http/csrf.ts'
import { requestOrigin } from '#http/origin.ts'
import { requestState } from '#http/request-state.ts'
import type { DeviceCookie } from './device-cookie.ts'
import { STEPS } from './flow.ts'

export interface StepDeps {
  readonly gateway: InteractionGateway
  readonly passwords: Pick<Passwords, 'verify' | 'change'>
  readonly passkeys: Pick<Passkeys, 'options' | 'verify'>
  readonly totp: Pick<Totp, 'verify'>
  readonly recoveryCodes: Pick<RecoveryCodes, 'verify'>
  readonly passwordReset: Pick<PasswordReset, 'available' | 'finish'>
  readonly registration: Registration
  readonly federated: Federated
  readonly resources: Pick<Resources, 'find'>
  readonly accounts: Pick<Accounts, 'read'>
  readonly audit: Pick<Audit, 'record'>
  readonly settings: Pick<Settings, 'current'>
  readonly csrf: Csrf
  readonly deviceCookie: DeviceCookie
  readonly paths: InteractionPaths
}

/** Where an interaction's pages are and where their forms are sent, as paths. */
export interface InteractionPaths {
  question(uid: string): string
  form(uid: string, step: keyof typeof STEPS): string
  /** By GET: on to an upstream provider. */
  upstream(uid: string, id: string): string
  /** Where a person links providers to their account. */
  readonly linked: string
  /** 303 to the question that is open now. */
  backToQuestion(ctx: Context, uid: string): void
}

/** The addresses under the issuer's path, which is never taken from the request. */
export function interactionPaths(issuer: string): InteractionPaths {
  const base = new URL(issuer).pathname.replace(/\/$/, '')
  const question = (uid: string) => `${base}/interaction/${encodeURIComponent(uid)}`
  return {
    question,
    form: (uid, step) => `${question(uid)}/${STEPS[step]}`,
    upstream: (uid, id) => `${question(uid)}/${STEPS.upstream}/${encodeURIComponent(id)}`,
    linked: `${base}/account/linked`,
    backToQuestion(ctx, uid) {
      ctx.redirect(question(uid) + ctx.search)
      // RFC 9700 §4.12: 303, so that a form is not sent a second time.
      ctx.status = 303
    },
  }
}

/** The interaction of this request; the request's log line names its client. */
export async function openInteraction(deps: StepDeps, ctx: Context): Promise<OpenInteraction> {
  const interaction = await deps.gateway.open(ctx)
  // The engine finds the interaction by its cookie; the address must mean the same one.
  if (interaction.uid !== uidOf(ctx)) throw new InteractionLost('unknown', { client: interaction.client })
  requestState(ctx).clientId = interaction.client.id
  return interaction
}

/** The hidden field that ties a form to this browser and interaction. */
export function csrfField({ csrf }: Pick<StepDeps, 'csrf'>, ctx: Context, { uid }: OpenInteraction): FormField {
  return csrf.field(ctx, bindingOf(uid))
}

/**
 * The form as sent, when it comes from a page that this browser was shown; undefined otherwise, with an event of the
 * refusal. RFC 9700 §4.7: what another site makes a browser send decides nothing.
 */
export async function guardForm(deps: StepDeps, ctx: Context, interaction: OpenInteraction): Promise<Form | undefined> {
  const form = await deps.csrf.readForm(ctx, bindingOf(interaction.uid))
  if (form) return form
  await deps.audit.record({
    ...anonymous(ctx),
    type: 'authorization.refused',
    outcome: 'failure',
    clientId: interaction.client.id,
    reason: 'the form was not made by a page of this interaction in this browser',
  })
  return undefined
}

/**
 * Says how long to wait where an attempt was put off, for a page that says so too; undefined for any other error. RFC
 * 6585 §4, RFC 9110 §15.6.4.
 */
export function putOff(ctx: Context, error: unknown): { problem: 'busy' | 'tooMany'; status: number } | undefined {
  if (!(error instanceof SignInBusy) && !(error instanceof TooManyAttempts)) return undefined
  ctx.set('Retry-After', String(error.retryAfterSeconds))
  return { problem: error instanceof SignInBusy ? 'busy' : 'tooMany', status: error.status }
}

/** The same for what is done by mail. */
export function delayOf(
  ctx: Context,
  error: unknown,
): { problem: 'busy' | 'tooMany' | 'tooManyMails'; status: number } | undefined {
  if (!(error instanceof TooManyMails)) return putOff(ctx, error)
  ctx.set('Retry-After', String(error.retryAfterSeconds))
  return { problem: 'tooManyMails', status: error.status }
}

/** Who acts before a sign-in: nobody known, from somewhere. */
export function anonymous(ctx: Context): AuditContext {
  return { actor: { kind: 'anonymous' }, ...requestOrigin(ctx) }
}

function uidOf(ctx: Context): unknown {
  return (ctx.params as Record<string, unknown>)['uid']
}

function bindingOf(uid: string): string {
  return `interaction ${uid}`
}
