/** Defines a step of an interaction, and the helpers that steps share: opening it, CSRF checks, and delays. */
import type { Context } from 'koa'
import type { Account, Accounts } from '#accounts/account.ts'
import type { Audit, AuditContext } from '#audit/audit.ts'
import type { Queryable } from '#database/database.ts'
import {
  type DeviceGateway,
  InteractionLost,
  type InteractionGateway,
  type OpenInteraction,
} from '#oidc/interactions/interaction-gateway.ts'
import type { BrowserSessions } from '#oidc/sessions/browser-session.ts'
import type { Resources } from '#resources/resource.ts'
import type { Settings } from '#settings/settings.ts'
import { TooManyMails } from '#verification/email-code/errors.ts'
import type { EmailVerifications } from '#verification/email-verification/email-verification.ts'
import type { IdentityCodes } from '#verification/identity-codes.ts'
import type { PasswordReset } from '#verification/password-reset.ts'
import type { Registration } from '#verification/registration.ts'
import type { Attempts } from '#sign-in/attempts.ts'
import type { NextProof } from '#sign-in/next-proof.ts'
import type { MethodRegistry } from '#sign-in/registry.ts'
import { SignInBusy, TooManyAttempts } from '#sign-in/errors.ts'
import type { UpstreamSignIn } from '#federation/upstream-sign-in.ts'
import type { Passkeys } from '#sign-in/passkey/passkey.ts'
import type { Passwords } from '#sign-in/password/password.ts'
import type { RecoveryCodes } from '#sign-in/recovery-code/recovery-codes.ts'
import type { Totp } from '#sign-in/totp/totp.ts'
import type { Form } from '#http/body.ts'
import type { Csrf, FormField } from '#http/csrf.ts'
import type { WriteBudget } from '#http/write-budget.ts'
import { requestState } from '#http/request-state.ts'
import type { DeviceCookie } from './device-cookie.ts'
import { anonymous, type InteractionPaths } from './paths.ts'
import type { Proofs } from './proofs.ts'
import type { UpstreamSignOut } from './sign-out/upstream.ts'

export interface StepDeps {
  readonly gateway: InteractionGateway
  readonly devices: DeviceGateway
  readonly browserSessions: Pick<BrowserSessions, 'of'>
  readonly methods: MethodRegistry
  readonly proofs: Proofs
  readonly attempts: Pick<Attempts, 'begin'>
  readonly passwords: Pick<Passwords, 'verify' | 'change'>
  readonly passkeys: Pick<Passkeys, 'isEnrolled' | 'options' | 'verify'>
  readonly totp: Pick<Totp, 'verify'>
  readonly recoveryCodes: Pick<RecoveryCodes, 'verify'>
  readonly passwordReset: Pick<PasswordReset, 'available' | 'finish'>
  readonly registration: Registration
  readonly emailVerifications: EmailVerifications
  readonly identityCodes: IdentityCodes
  readonly upstreamSignIn: UpstreamSignIn
  readonly writeBudget: WriteBudget
  readonly signOut: Pick<UpstreamSignOut, 'remember'>
  readonly resources: Pick<Resources, 'find'>
  readonly accounts: Pick<Accounts, 'read'>
  readonly audit: Pick<Audit, 'record'>
  readonly settings: Pick<Settings, 'current'>
  readonly csrf: Csrf
  readonly deviceCookie: DeviceCookie
  readonly paths: InteractionPaths
  /** Sends the account's owner a notice, in the transaction of the change. */
  readonly notifyPasswordChanged: (trx: Queryable, account: Account, by: AuditContext) => Promise<void>
}

/** What an interaction asks next, and the account if it is known. */
export interface Question {
  readonly wants: NextProof | { readonly kind: Exclude<OpenInteraction['prompt'], 'login'> }
  readonly accountId: string | undefined
  /** Initiating User Registration 1.0 §4: whether the page for a new account comes before the sign-in page. */
  readonly createsAccount: boolean
}

/** One entry of the registry: a page of an interaction, and the routes of its forms. */
export interface Step {
  readonly name: string
  /** Returns whether its page answers the question. Omitted if only a link or another step leads to it. */
  asks?(question: Question): boolean
  show?(ctx: Context, interaction: OpenInteraction, question: Question): Promise<void>
  readonly routes: readonly StepRoute[]
}

/** A route; `path` is relative to the interaction. */
export interface StepRoute {
  readonly path: string
  readonly get?: (ctx: Context) => Promise<void>
  readonly post?: (ctx: Context) => Promise<void>
}

/** Returns the interaction of the request, and sets its client in the request's log line. */
export async function openInteraction(deps: StepDeps, ctx: Context): Promise<OpenInteraction> {
  const interaction = await deps.gateway.open(ctx)
  // the engine finds the interaction by its cookie, so the URL must name the same one
  if (interaction.uid !== uidOf(ctx)) throw new InteractionLost('unknown', { client: interaction.client })
  requestState(ctx).clientId = interaction.client.id
  return interaction
}

/** Returns the hidden field that binds a form to this browser and interaction. */
export function csrfField({ csrf }: Pick<StepDeps, 'csrf'>, ctx: Context, interaction: OpenInteraction): FormField {
  return csrf.field(ctx, bindingOf(interaction))
}

/**
 * Returns the form if it comes from a page that this browser was shown. Otherwise audits the refusal and returns
 * undefined. RFC 9700 §4.7: forms that another site submits must have no effect.
 */
export async function guardForm(deps: StepDeps, ctx: Context, interaction: OpenInteraction): Promise<Form | undefined> {
  const form = await deps.csrf.readForm(ctx, bindingOf(interaction))
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
 * Sets Retry-After and returns the problem to show if an attempt must wait; undefined for any other error. RFC 6585
 * §4, RFC 9110 §15.6.4.
 */
export function putOff(ctx: Context, error: unknown): { problem: 'busy' | 'tooMany'; status: number } | undefined {
  if (!(error instanceof SignInBusy) && !(error instanceof TooManyAttempts)) return undefined
  ctx.set('Retry-After', String(error.retryAfterSeconds))
  return { problem: error instanceof SignInBusy ? 'busy' : 'tooMany', status: error.status }
}

/** Does the same as `putOff`, and also handles TooManyMails. */
export function delayOf(
  ctx: Context,
  error: unknown,
): { problem: 'busy' | 'tooMany' | 'tooManyMails'; status: number } | undefined {
  if (!(error instanceof TooManyMails)) return putOff(ctx, error)
  ctx.set('Retry-After', String(error.retryAfterSeconds))
  return { problem: 'tooManyMails', status: error.status }
}

function uidOf(ctx: Context): unknown {
  return (ctx.params as Record<string, unknown>)['uid']
}

/** Returns the binding of forms and challenges: a stolen one is not valid in another interaction. */
export function bindingOf({ uid }: Pick<OpenInteraction, 'uid'>): string {
  return `interaction ${uid}`
}
