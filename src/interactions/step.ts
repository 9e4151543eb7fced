/** What every step of an interaction needs: its parts, its addresses, and the guard of its forms. */
import type { Context } from 'koa'
import type { Account, Accounts } from '#accounts/account.ts'
import type { Audit, AuditContext } from '#audit/audit.ts'
import type { Queryable } from '#database/database.ts'
import {
  InteractionLost,
  type InteractionGateway,
  type OpenInteraction,
} from '#oidc/interactions/interaction-gateway.ts'
import type { Resources } from '#resources/resource.ts'
import type { Settings } from '#settings/settings.ts'
import { TooManyMails } from '#verification/email-code/errors.ts'
import type { EmailVerifications } from '#verification/email-verification/email-verification.ts'
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
import { requestState } from '#http/request-state.ts'
import type { DeviceCookie } from './device-cookie.ts'
import { anonymous, type InteractionPaths } from './paths.ts'
import type { Proofs } from './proofs.ts'
import type { UpstreamSignOut } from './sign-out/upstream.ts'

export interface StepDeps {
  readonly gateway: InteractionGateway
  readonly methods: MethodRegistry
  readonly proofs: Proofs
  readonly attempts: Pick<Attempts, 'begin'>
  readonly passwords: Pick<Passwords, 'verify' | 'change'>
  readonly passkeys: Pick<Passkeys, 'options' | 'verify'>
  readonly totp: Pick<Totp, 'verify'>
  readonly recoveryCodes: Pick<RecoveryCodes, 'verify'>
  readonly passwordReset: Pick<PasswordReset, 'available' | 'finish'>
  readonly registration: Registration
  readonly emailVerifications: EmailVerifications
  readonly upstreamSignIn: UpstreamSignIn
  readonly signOut: Pick<UpstreamSignOut, 'remember'>
  readonly resources: Pick<Resources, 'find'>
  readonly accounts: Pick<Accounts, 'read'>
  readonly audit: Pick<Audit, 'record'>
  readonly settings: Pick<Settings, 'current'>
  readonly csrf: Csrf
  readonly deviceCookie: DeviceCookie
  readonly paths: InteractionPaths
  /** Tells the owner of the account by mail, in the transaction of the change. */
  readonly notifyPasswordChanged: (trx: Queryable, account: Account, by: AuditContext) => Promise<void>
}

/** What a person is asked in an interaction, and who that is where it is known. */
export interface Question {
  readonly wants: NextProof | { readonly kind: 'consent' }
  readonly accountId: string | undefined
}

/** One row of the registry: a page of an interaction, and where its forms are sent. */
export interface Step {
  readonly name: string
  /** Whether its page is the one for the question. None: it is reached by a link or by another step. */
  asks?(question: Question): boolean
  show?(ctx: Context, interaction: OpenInteraction, question: Question): Promise<void>
  readonly routes: readonly StepRoute[]
}

/** `path`: below the address of the interaction. */
export interface StepRoute {
  readonly path: string
  readonly get?: (ctx: Context) => Promise<void>
  readonly post?: (ctx: Context) => Promise<void>
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
export function csrfField({ csrf }: Pick<StepDeps, 'csrf'>, ctx: Context, interaction: OpenInteraction): FormField {
  return csrf.field(ctx, bindingOf(interaction))
}

/**
 * The form as sent, when it comes from a page that this browser was shown; undefined otherwise, with an event of the
 * refusal. RFC 9700 §4.7: what another site makes a browser send decides nothing.
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

function uidOf(ctx: Context): unknown {
  return (ctx.params as Record<string, unknown>)['uid']
}

/** What a form or a challenge is for: one that was stolen is worth nothing in another interaction. */
export function bindingOf({ uid }: Pick<OpenInteraction, 'uid'>): string {
  return `interaction ${uid}`
}
