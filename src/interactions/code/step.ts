/** The step that asks for a second proof and checks it. */
import type { Context } from 'koa'
import type { OpenInteraction } from '#oidc/interactions/interaction-gateway.ts'
import { FactorLocked } from '#sign-in/errors.ts'
import { normalizedCode } from '#sign-in/one-time-code.ts'
import { looksLikeRecoveryCode } from '#sign-in/recovery-code/recovery-codes.ts'
import { PASSKEY } from '#sign-in/passkey/method.ts'
import { TOTP } from '#sign-in/totp/method.ts'
import { type CodeProblem, codePage } from './page.ts'
import { sendStep } from '../send-step.ts'
import { offersOf, policyOf } from '../sign-in/offers.ts'
import { anonymous } from '../paths.ts'
import { guardForm, openInteraction, putOff, type Question, type Step, type StepDeps } from '../step.ts'

interface ShownAgain {
  readonly problem: CodeProblem
  readonly status: number
  readonly isRecoveryCode: boolean
}

/** The parameter that switches the page to recovery codes. */
const KIND = 'kind'

export function createCodeStep(deps: StepDeps): Step {
  const { deviceCookie, paths, proofs, totp, recoveryCodes } = deps

  async function answer(ctx: Context): Promise<void> {
    const interaction = await openInteraction(deps, ctx)
    const { next, accountId } = await proofs.state(interaction)
    if (!isAsked(next) || accountId === undefined) return paths.backToQuestion(ctx, interaction.uid)
    const form = await guardForm(deps, ctx, interaction)
    const isRecoveryCode = form?.one(KIND) === 'paper'
    const again = (problem: CodeProblem, status: number, isPaper = isRecoveryCode) =>
      ask(deps, ctx, { interaction, accountId, isRecoveryCode: isPaper, problem, status })
    if (!form) return again('stale', 403)
    const code = form.one('code') ?? ''
    if (normalizedCode(code) === '') return again('missing', 422)
    const method = looksLikeRecoveryCode(code) ? recoveryCodes : totp
    const attempt = { accountId, code, clientId: interaction.client.id, device: deviceCookie.read(ctx) }
    try {
      const proof = await method.verify(attempt, anonymous(ctx))
      if (!proof) return await again('mismatch', 422)
      await proofs.take(ctx, interaction, proof)
    } catch (error) {
      if (error instanceof FactorLocked) return again('locked', error.status, method === recoveryCodes)
      const delayed = putOff(ctx, error)
      if (!delayed) throw error
      await again(delayed.problem, delayed.status)
    }
  }

  /** Starts the sign-in over, for another person. */
  async function restart(ctx: Context): Promise<void> {
    const interaction = await openInteraction(deps, ctx)
    if (await guardForm(deps, ctx, interaction)) await proofs.forget(interaction)
    paths.backToQuestion(ctx, interaction.uid)
  }

  return {
    name: 'code',
    asks: ({ wants }) => isAsked(wants),
    async show(ctx, interaction, { accountId = '' }) {
      await ask(deps, ctx, { interaction, accountId, isRecoveryCode: ctx.query[KIND] === 'paper' })
    },
    routes: [
      { path: 'code', post: answer },
      { path: 'restart', post: restart },
    ],
  }
}

function isAsked(wants: Question['wants']): boolean {
  return wants.kind === 'second' && wants.methods.includes(TOTP.name)
}

async function ask(
  deps: StepDeps,
  ctx: Context,
  shown: { interaction: OpenInteraction; accountId: string; isRecoveryCode: boolean } & Partial<ShownAgain>,
): Promise<void> {
  const { accounts, paths } = deps
  const { interaction, accountId, isRecoveryCode, problem, status } = shown
  const { client, uid } = interaction
  const account = await accounts.read(accountId)
  const question = paths.question(uid)
  const hasPasskey = await deps.passkeys.isEnrolled(accountId)
  await sendStep(deps, ctx, interaction, {
    account,
    status,
    async page(view) {
      const methods = hasPasskey ? [deps.methods.named(PASSKEY.name)] : []
      const offers = await offersOf(deps, interaction, { ...view, methods, kind: 'secondary' })
      const page = codePage({
        ...view,
        offers: offers.map(({ content }) => content),
        client,
        who: account?.email ?? '',
        actions: {
          code: paths.form(uid, 'code'),
          restart: paths.form(uid, 'restart'),
          cancel: paths.form(uid, 'cancel'),
        },
        isRecoveryCode,
        otherKind: isRecoveryCode ? question : `${question}?${KIND}=paper`,
        problem,
      })
      return { ...page, policy: policyOf(offers) }
    },
  })
}
