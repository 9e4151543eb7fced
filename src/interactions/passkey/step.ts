/** The step that takes a passkey, and gives a page that stays open the options for its next challenge. */
import type { Context } from 'koa'
import type { OpenInteraction } from '#oidc/interactions/interaction-gateway.ts'
import { CREDENTIAL_FIELD } from '#sign-in/passkey/parts.ts'
import type { Proofs } from '../proofs.ts'
import { bindingOf } from './part.ts'
import type { ShownAgain, SignInStep } from '../sign-in/step.ts'
import { anonymous, guardForm, openInteraction, putOff, type StepDeps } from '../step.ts'

export interface PasskeyStepDeps extends StepDeps {
  readonly proofs: Pick<Proofs, 'state' | 'take'>
  /** Asks once more, and says why. */
  readonly ask: SignInStep['show']
}

export interface PasskeyStep {
  /** Answers the form that a passkey was put into. */
  answer(ctx: Context): Promise<void>
  /** Answers with options as JSON, for the script of a page that was open for a while. */
  renew(ctx: Context): Promise<void>
}

export function createPasskeyStep(deps: PasskeyStepDeps): PasskeyStep {
  const { passkeys, paths, proofs } = deps

  /** Asks once more; of somebody who is known, and was asked for a passkey alone, for that alone. */
  async function ask(ctx: Context, interaction: OpenInteraction, why: ShownAgain): Promise<void> {
    const { accountSub, next } = await proofs.state(interaction)
    const isKnown = accountSub !== undefined && next === 'passkey'
    await deps.ask(ctx, interaction, { ...why, ...(isKnown ? { passkeyOf: accountSub } : {}) })
  }

  return {
    async answer(ctx) {
      const interaction = await openInteraction(deps, ctx)
      if (interaction.prompt !== 'login') return paths.backToQuestion(ctx, interaction.uid)
      const form = await guardForm(deps, ctx, interaction)
      if (!form) return ask(ctx, interaction, { problem: 'stale', status: 403 })
      const attempt = { credential: form.one(CREDENTIAL_FIELD), binding: bindingOf(interaction) }
      try {
        const proof = await passkeys.verify({ ...attempt, clientId: interaction.client.id }, anonymous(ctx))
        if (!proof) return await ask(ctx, interaction, { problem: 'passkey', status: 422 })
        await proofs.take(ctx, interaction, proof)
      } catch (error) {
        const delayed = putOff(ctx, error)
        if (!delayed) throw error
        await ask(ctx, interaction, delayed)
      }
    },

    async renew(ctx) {
      const interaction = await openInteraction(deps, ctx)
      ctx.set('Cache-Control', 'no-store')
      ctx.body = passkeys.options(bindingOf(interaction))
    },
  }
}
