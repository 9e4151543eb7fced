/** The step that asks who the person is, and checks the answer. */
import type { Context } from 'koa'
import type { OpenInteraction } from '#oidc/interactions/interaction-gateway.ts'
import { isReauthentication, readSignIn, text, type SignInAttempt } from '../flow.ts'
import { passkeyPart } from '../passkey/part.ts'
import type { Proofs } from '../proofs.ts'
import { sendStep } from '../send-step.ts'
import { anonymous, guardForm, openInteraction, putOff, type StepDeps } from '../step.ts'
import type { UpstreamStep } from '../upstream/step.ts'
import { signInPage, type SignInProblem } from './page.ts'

export interface SignInStep {
  show(ctx: Context, interaction: OpenInteraction, again?: ShownAgain): Promise<void>
  answer(ctx: Context): Promise<void>
  /** Back to the app without signing in. */
  cancel(ctx: Context): Promise<void>
}

/** What a page that was answered is shown again with. */
export interface ShownAgain {
  readonly identifier?: string
  readonly missing?: readonly ('identifier' | 'password')[]
  readonly problem?: SignInProblem
  readonly status?: number
  /** Only a passkey is asked for, of the person who is known. */
  readonly passkeyOf?: string
}

export interface SignInStepDeps extends StepDeps {
  /** Leads whoever an upstream provider looks after on to it; false where none does. */
  readonly leadOn: UpstreamStep['leadOn']
}

export function createSignInStep(deps: SignInStepDeps, proofs: Proofs): SignInStep {
  const { deviceCookie, gateway, passwords, paths } = deps
  const show = (ctx: Context, interaction: OpenInteraction, again: ShownAgain = {}) =>
    ask(deps, ctx, interaction, again)

  async function answer(ctx: Context): Promise<void> {
    const interaction = await openInteraction(deps, ctx)
    if (interaction.prompt !== 'login') return paths.backToQuestion(ctx, interaction.uid)
    const form = await guardForm(deps, ctx, interaction)
    if (!form) return show(ctx, interaction, { problem: 'stale', status: 403 })
    const { missing, ...attempt } = readSignIn(form)
    if (await deps.leadOn(ctx, interaction, attempt.identifier)) return undefined
    if (missing.length > 0) return show(ctx, interaction, { identifier: attempt.identifier, missing, status: 422 })
    await verify(ctx, interaction, attempt)
  }

  async function verify(ctx: Context, interaction: OpenInteraction, attempt: SignInAttempt): Promise<void> {
    const { identifier } = attempt
    try {
      const facts = { ...attempt, clientId: interaction.client.id, device: deviceCookie.read(ctx) }
      const proof = await passwords.verify(facts, anonymous(ctx))
      // A browser offers to keep a password when the answer is a success, so a mismatch is none.
      if (!proof) return await show(ctx, interaction, { identifier, problem: 'mismatch', status: 422 })
      await proofs.take(ctx, interaction, proof)
    } catch (error) {
      const delayed = putOff(ctx, error)
      if (!delayed) throw error
      await show(ctx, interaction, { identifier, ...delayed })
    }
  }

  async function cancel(ctx: Context): Promise<void> {
    const interaction = await openInteraction(deps, ctx)
    const form = await guardForm(deps, ctx, interaction)
    if (!form) return paths.backToQuestion(ctx, interaction.uid)
    await gateway.denied(ctx)
  }

  return { show, answer, cancel }
}

async function ask(deps: StepDeps, ctx: Context, interaction: OpenInteraction, again: ShownAgain): Promise<void> {
  const { accounts, paths } = deps
  const { client, params, uid } = interaction
  const sub = again.passkeyOf ?? interaction.accountSub
  const known = sub === undefined ? undefined : await accounts.read(sub)
  const upstreams = (await deps.federated.offered()).map(({ id, name }) => ({ name, href: paths.upstream(uid, id) }))
  const identifier =
    again.identifier ?? known?.email ?? (await deps.federated.offerOf(uid))?.email ?? text(params['login_hint'])
  await sendStep(deps, ctx, interaction, {
    account: known,
    status: again.status,
    page(view) {
      const kind = again.passkeyOf === undefined ? 'secondary' : 'primary'
      const passkey = passkeyPart(deps, interaction, { ...view, kind })
      const page = signInPage({
        ...view,
        client,
        actions: { login: paths.form(uid, 'login'), cancel: paths.form(uid, 'cancel') },
        identifier,
        again: isReauthentication(interaction),
        missing: again.missing ?? [],
        problem: again.problem,
        ways: {
          reset: deps.passwordReset.available ? paths.form(uid, 'reset') : undefined,
          register: deps.registration.isOpen() ? paths.form(uid, 'register') : undefined,
        },
        upstreams,
        passkey: passkey.content,
        passkeyOf: again.passkeyOf === undefined ? undefined : known?.email,
      })
      return { ...page, policy: passkey.policy }
    },
  })
}
