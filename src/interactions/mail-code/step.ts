/**
 * The step that asks for a code from a mail: of a person whom an upstream provider recognized without asking them to
 * sign in again, and who has set up nothing here that could be proven instead.
 */
import type { Context } from 'koa'
import type { Account } from '#accounts/account.ts'
import type { Form } from '#http/body.ts'
import type { OpenInteraction } from '#oidc/interactions/interaction-gateway.ts'
import { normalizedCode } from '#sign-in/one-time-code.ts'
import { proofEvent } from '#sign-in/proof-events.ts'
import { MAIL_CODE } from '#sign-in/proof-times.ts'
import type { VerificationHandle } from '#verification/email-verification/email-verification.ts'
import { anonymous } from '../paths.ts'
import { languageOf, sendStep } from '../send-step.ts'
import { delayOf, guardForm, openInteraction, type Question, type Step, type StepDeps } from '../step.ts'
import { mailCodePage, type MailCodeView } from './page.ts'

const PATHS = { send: 'mail-code/send', code: 'mail-code' } as const

interface Asked {
  readonly interaction: OpenInteraction
  readonly account: Account
}

type Again = Pick<MailCodeView, 'problem' | 'fault'> & { readonly status?: number }

export function createMailCodeStep(deps: StepDeps): Step {
  return {
    name: 'mail-code',
    asks: ({ wants }) => isAsked(wants),
    async show(ctx, interaction, { accountId = '' }) {
      const account = await deps.accounts.read(accountId)
      if (account) await ask(deps, ctx, { interaction, account }, {})
      else await deps.proofs.forget(interaction)
    },
    routes: [
      { path: PATHS.code, post: (ctx) => forForm(deps, ctx, (asked, form) => prove(deps, ctx, asked, form)) },
      { path: PATHS.send, post: (ctx) => forForm(deps, ctx, (asked) => send(deps, ctx, asked)) },
    ],
  }
}

/** Calls `use` with the form if this step is asked for. */
async function forForm(deps: StepDeps, ctx: Context, use: (asked: Asked, form: Form) => Promise<void>): Promise<void> {
  const { accounts, paths, proofs } = deps
  const interaction = await openInteraction(deps, ctx)
  const { next, accountId = '' } = await proofs.state(interaction)
  const account = isAsked(next) ? await accounts.read(accountId) : undefined
  if (!account) return paths.backToQuestion(ctx, interaction.uid)
  const form = await guardForm(deps, ctx, interaction)
  if (!form) return ask(deps, ctx, { interaction, account }, { problem: 'stale', status: 403 })
  try {
    await use({ interaction, account }, form)
  } catch (error) {
    const delayed = delayOf(ctx, error)
    if (!delayed) throw error
    await ask(deps, ctx, { interaction, account }, delayed)
  }
}

async function send(deps: StepDeps, ctx: Context, { interaction, account }: Asked): Promise<void> {
  const { identityCodes, paths } = deps
  const language = languageOf(ctx, interaction, account)
  await identityCodes.send(handleOf(interaction), { account, language }, anonymous(ctx))
  paths.backToQuestion(ctx, interaction.uid)
}

/** Checks the code, which counts once. */
async function prove(deps: StepDeps, ctx: Context, asked: Asked, form: Form): Promise<void> {
  const { audit, deviceCookie, identityCodes, proofs } = deps
  const { interaction, account } = asked
  const code = form.one('code') ?? ''
  if (normalizedCode(code) === '') return ask(deps, ctx, asked, { fault: 'missing', status: 422 })
  const given = { account, code, device: deviceCookie.read(ctx) }
  if (!(await identityCodes.prove(handleOf(interaction), given, anonymous(ctx)))) {
    return ask(deps, ctx, asked, { fault: 'mismatch', status: 422 })
  }
  const facts = { account, refusal: undefined, clientId: interaction.client.id, by: anonymous(ctx) }
  await audit.record(proofEvent({ method: MAIL_CODE, ...facts }))
  await proofs.takeMailCode(ctx, interaction, account)
}

function isAsked(wants: Question['wants']): boolean {
  return wants.kind === 'recent' && wants.methods.length === 0
}

/** Names the interaction. A code of another step does not count here. */
function handleOf({ uid }: OpenInteraction): VerificationHandle {
  return `identity in ${uid}`
}

async function ask(deps: StepDeps, ctx: Context, asked: Asked, { status, ...again }: Again): Promise<void> {
  const { identityCodes, paths } = deps
  const { interaction, account } = asked
  const { client, uid } = interaction
  const sent = await identityCodes.isSent(handleOf(interaction), account)
  await sendStep(deps, ctx, interaction, {
    account,
    status,
    page: (view) =>
      mailCodePage({
        ...view,
        ...again,
        clientName: client.name,
        who: account.email,
        available: identityCodes.available,
        sent,
        actions: {
          send: paths.form(uid, PATHS.send),
          code: paths.form(uid, PATHS.code),
          restart: paths.form(uid, 'restart'),
          cancel: paths.form(uid, 'cancel'),
        },
      }),
  })
}
