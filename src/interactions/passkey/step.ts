/** The step that checks a passkey, and renews the options of a page left open. */
import type { Context } from 'koa'
import type { OpenInteraction } from '#oidc/interactions/interaction-gateway.ts'
import { CREDENTIAL_FIELD } from '#sign-in/passkey/parts.ts'
import { PasskeyChanged } from '#sign-in/passkey/errors.ts'
import { PASSKEY_STEP } from '#sign-in/passkey/method.ts'
import { anonymous } from '../paths.ts'
import { passkeyAsked, type ShownAgain, showSignIn } from '../sign-in/step.ts'
import { bindingOf, guardForm, openInteraction, type Step, type StepDeps } from '../step.ts'

export function createPasskeyStep(deps: StepDeps): Step {
  return {
    name: PASSKEY_STEP,
    routes: [
      { path: PASSKEY_STEP, post: (ctx) => answer(deps, ctx) },
      { path: `${PASSKEY_STEP}/options`, get: (ctx) => renew(deps, ctx) },
    ],
  }
}

/** Shows the sign-in page again. If only a passkey of a known person was asked for, asks only for that. */
async function askAgain(deps: StepDeps, ctx: Context, interaction: OpenInteraction, why: ShownAgain): Promise<void> {
  const { accountId, next } = await deps.proofs.state(interaction)
  const passkeyOf = await passkeyAsked(deps, interaction, { wants: next, accountId })
  await showSignIn(deps, ctx, interaction, { ...why, ...(passkeyOf === undefined ? {} : { passkeyOf }) })
}

/** Handles the form with the passkey's response. */
async function answer(deps: StepDeps, ctx: Context): Promise<void> {
  const { passkeys, paths, proofs } = deps
  const interaction = await openInteraction(deps, ctx)
  if (interaction.prompt !== 'login') return paths.backToQuestion(ctx, interaction.uid)
  const form = await guardForm(deps, ctx, interaction)
  if (!form) return askAgain(deps, ctx, interaction, { problem: 'stale', status: 403 })
  const attempt = { credential: form.one(CREDENTIAL_FIELD), binding: bindingOf(interaction) }
  const { proof, problem } = await passkeys
    .verify({ ...attempt, clientId: interaction.client.id }, anonymous(ctx))
    .then(
      (proven) => ({ proof: proven, problem: 'passkey' as const }),
      (error: unknown) => {
        if (!(error instanceof PasskeyChanged)) throw error
        return { proof: undefined, problem: 'passkeyChanged' as const }
      },
    )
  if (!proof) return askAgain(deps, ctx, interaction, { problem, status: 422 })
  await proofs.take(ctx, interaction, proof)
}

/** Returns new options as JSON, for the script of a page left open. */
async function renew(deps: StepDeps, ctx: Context): Promise<void> {
  const interaction = await openInteraction(deps, ctx)
  ctx.set('Cache-Control', 'no-store')
  ctx.body = deps.passkeys.options(bindingOf(interaction))
}
