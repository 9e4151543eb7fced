/** The step that shows the sign-in page and checks the password. */
import type { Context } from 'koa'
import type { OpenInteraction } from '#oidc/interactions/interaction-gateway.ts'
import { meets } from '#sign-in/assurance.ts'
import { PASSKEY } from '#sign-in/passkey/method.ts'
import { MAIL_PATHS, SIGN_IN_PATH } from '../mail/paths.ts'
import { anonymous } from '../paths.ts'
import { isReauthentication, readSignIn, text, type SignInAttempt } from '../flow.ts'
import { sendStep } from '../send-step.ts'
import { guardForm, openInteraction, putOff, type Question, type Step, type StepDeps } from '../step.ts'
import { leadOn } from '../upstream/lead-on.ts'
import { offersOf, policyOf } from './offers.ts'
import { signInPage, type SignInProblem } from './page.ts'

/** The errors and values for a page that is shown again. */
export interface ShownAgain {
  readonly identifier?: string
  readonly missing?: readonly ('identifier' | 'password')[]
  readonly problem?: SignInProblem
  readonly status?: number
  /** The id of the known account, if only a passkey is asked for. */
  readonly passkeyOf?: string
}

export function createSignInStep(deps: StepDeps): Step {
  const { deviceCookie, gateway, passwords, paths, proofs } = deps
  const show = (ctx: Context, interaction: OpenInteraction, again: ShownAgain = {}) =>
    showSignIn(deps, ctx, interaction, again)

  async function answer(ctx: Context): Promise<void> {
    const interaction = await openInteraction(deps, ctx)
    if (interaction.prompt !== 'login') return paths.backToQuestion(ctx, interaction.uid)
    const form = await guardForm(deps, ctx, interaction)
    if (!form) return show(ctx, interaction, { problem: 'stale', status: 403 })
    const { missing, ...attempt } = readSignIn(form)
    if (await leadOn(deps, ctx, interaction, attempt.identifier)) return undefined
    if (missing.length > 0) return show(ctx, interaction, { identifier: attempt.identifier, missing, status: 422 })
    await verify(ctx, interaction, attempt)
  }

  async function verify(ctx: Context, interaction: OpenInteraction, attempt: SignInAttempt): Promise<void> {
    const { identifier } = attempt
    try {
      const facts = { ...attempt, clientId: interaction.client.id, device: deviceCookie.read(ctx) }
      const proof = await passwords.verify(facts, anonymous(ctx))
      // browsers offer to save a password after a success status, so a mismatch must not have one
      if (!proof) return await show(ctx, interaction, { identifier, problem: 'mismatch', status: 422 })
      await proofs.take(ctx, interaction, proof)
    } catch (error) {
      const delayed = putOff(ctx, error)
      if (!delayed) throw error
      await show(ctx, interaction, { identifier, ...delayed })
    }
  }

  /** Returns to the app without signing in. */
  async function cancel(ctx: Context): Promise<void> {
    const interaction = await openInteraction(deps, ctx)
    const form = await guardForm(deps, ctx, interaction)
    if (!form) return paths.backToQuestion(ctx, interaction.uid)
    await gateway.denied(ctx)
  }

  return {
    name: 'login',
    // the last step of the registry: it takes every proof that no other step asks for
    asks: () => true,
    async show(ctx, interaction, { wants, accountId }) {
      const passkeyOf = await passkeyAsked(deps, interaction, { wants, accountId })
      await show(ctx, interaction, passkeyOf === undefined ? {} : { passkeyOf })
    },
    routes: [
      { path: SIGN_IN_PATH, get: (ctx) => showInstead(deps, ctx), post: answer },
      { path: 'cancel', post: cancel },
    ],
  }
}

/** Shows the sign-in page to a person who has an account already, where the app asks for a new one. */
async function showInstead(deps: StepDeps, ctx: Context): Promise<void> {
  const interaction = await openInteraction(deps, ctx)
  const { next } = await deps.proofs.state(interaction)
  if (interaction.createsAccount && next.kind === 'identity') await showSignIn(deps, ctx, interaction, {})
  else deps.paths.backToQuestion(ctx, interaction.uid)
}

/** Returns the id of the account if nothing but a passkey of it can answer the question. */
export async function passkeyAsked(
  { passkeys }: StepDeps,
  interaction: OpenInteraction,
  { wants, accountId }: Pick<Question, 'wants' | 'accountId'>,
): Promise<string | undefined> {
  if (wants.kind === 'second') return wants.methods.includes(PASSKEY.name) ? accountId : undefined
  const { accountId: signedIn, asked } = interaction
  if (wants.kind !== 'identity' || signedIn === undefined) return undefined
  const isNeeded = asked.length > 0 && !meets('urn:signet:acr:mfa', asked)
  return isNeeded && (await passkeys.isEnrolled(signedIn)) ? signedIn : undefined
}

/** Shows the sign-in page. With `passkeyOf`, it asks only for a passkey. */
export async function showSignIn(
  deps: StepDeps,
  ctx: Context,
  interaction: OpenInteraction,
  again: ShownAgain,
): Promise<void> {
  const { accounts, methods, paths } = deps
  const { client, uid } = interaction
  const { passkeyOf } = again
  const accountId = passkeyOf ?? interaction.accountId
  const known = accountId === undefined ? undefined : await accounts.read(accountId)
  const offered = (await deps.upstreamSignIn.offerOf(uid))?.email
  const identifier = again.identifier ?? offered ?? (await addressToOffer(deps, ctx, interaction, known?.email))
  await sendStep(deps, ctx, interaction, {
    account: known,
    status: again.status,
    async page(view) {
      const shown = passkeyOf === undefined ? methods.methods : [methods.named(PASSKEY.name)]
      const offers = await offersOf(deps, interaction, {
        ...view,
        methods: shown,
        kind: passkeyOf === undefined ? 'secondary' : 'primary',
      })
      const page = signInPage({
        ...view,
        client,
        actions: { login: paths.form(uid, SIGN_IN_PATH), cancel: paths.form(uid, 'cancel') },
        identifier,
        again: isReauthentication(interaction),
        missing: again.missing ?? [],
        problem: again.problem,
        ways: {
          reset: deps.passwordReset.available ? paths.form(uid, MAIL_PATHS.reset.address) : undefined,
          register: deps.registration.isOpen() ? paths.form(uid, MAIL_PATHS.register.address) : undefined,
        },
        offers: offers.map(({ content }) => content),
        passkeyOf: passkeyOf === undefined ? undefined : known?.email,
      })
      return { ...page, policy: policyOf(offers) }
    },
  })
}

/** Returns what stands in the field at first: the app knows better than the session who should sign in. */
async function addressToOffer(
  { accounts, deviceCookie }: StepDeps,
  ctx: Context,
  { params, accountId, expectedAccountId: expected }: OpenInteraction,
  ofSession: string | undefined,
): Promise<string> {
  const hint = text(params['login_hint'])
  if (hint !== '') return hint
  if (expected === undefined || expected === accountId) return ofSession ?? ''
  // a program that holds somebody's ID token must not learn their address here
  return deviceCookie.isKnown(ctx, expected) ? ((await accounts.read(expected))?.email ?? '') : ''
}
