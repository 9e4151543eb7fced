/** The steps of registration and reset within a sign-in: the address, the code, and the new password or account. */
import type { Context } from 'koa'
import { emailOf } from '#accounts/email.ts'
import { AccountExists, AccountInvalid } from '#accounts/errors.ts'
import type { Account } from '#accounts/account.ts'
import type { Form } from '#http/body.ts'
import type { OpenInteraction } from '#oidc/interactions/interaction-gateway.ts'
import { RESET_PATH } from '#verification/password-reset.ts'
import { REGISTRATION_PATH } from '#verification/registration.ts'
import { PasswordInvalid } from '#sign-in/errors.ts'
import { PASSWORD } from '#sign-in/password/method.ts'
import { normalizedCode } from '#sign-in/one-time-code.ts'
import { proofEvent } from '#sign-in/proof-events.ts'
import { text } from '../flow.ts'
import { addressPage, type ChoiceFaults, lastPage, mailCodePage, type MailProblem, type MailView } from './page.ts'
import { languageOf, sendStep } from '../send-step.ts'
import { delayOf, guardForm, openInteraction, type Question, type Step, type StepDeps } from '../step.ts'
import { anonymous } from '../paths.ts'
import { MAIL_PATHS, SIGN_IN_PATH } from './paths.ts'

type Purpose = 'reset' | 'register'

/** The errors and values for a page that is shown again. */
interface Again {
  readonly status?: number
  readonly problem?: MailProblem
  readonly address?: string
  readonly name?: string
  readonly addressFault?: 'missing' | 'wrong'
  readonly codeFault?: 'missing' | 'mismatch'
  readonly faults?: ChoiceFaults
}

/** The parameter that asks for another mail. */
const ANOTHER = 'another'
const PATHS = { reset: RESET_PATH, register: REGISTRATION_PATH } as const

export const createResetStep = (deps: StepDeps): Step => createMailStep(deps, 'reset')
export const createRegisterStep = (deps: StepDeps): Step => createMailStep(deps, 'register')

function createMailStep(deps: StepDeps, purpose: Purpose): Step {
  const { emailVerifications, paths } = deps
  const own = MAIL_PATHS[purpose]
  const { isOffered, opened, sent, attempt } = createGate(deps, purpose)
  async function show(ctx: Context): Promise<void> {
    const interaction = await opened(ctx)
    if (interaction) await ask(deps, ctx, { purpose, interaction, renew: ctx.query[ANOTHER] !== undefined })
  }

  const address = (ctx: Context) =>
    sent(ctx, async (interaction, form) => {
      const given = (form.one('email') ?? '').trim()
      const asked = emailOf(given)
      if (asked === undefined) {
        const addressFault = given === '' ? 'missing' : 'wrong'
        return ask(deps, ctx, { purpose, interaction, renew: true, address: given, addressFault, status: 422 })
      }
      await attempt(ctx, interaction, async () => {
        // without the account: the language must not reveal whether there is one
        const start = { purpose, address: asked, language: languageOf(ctx, interaction), path: PATHS[purpose] }
        await emailVerifications.begin(handleOf(interaction), start, anonymous(ctx))
        redirect(ctx, paths.form(interaction.uid, own.address))
      })
    })

  const code = (ctx: Context) =>
    sent(ctx, async (interaction, form) => {
      const typed = form.one('code') ?? ''
      if (normalizedCode(typed) === '')
        return ask(deps, ctx, { purpose, interaction, codeFault: 'missing', status: 422 })
      await attempt(ctx, interaction, async () => {
        const right = await emailVerifications.proveByCode(
          handleOf(interaction),
          { purpose, code: typed, device: deps.deviceCookie.read(ctx) },
          anonymous(ctx),
        )
        if (right) redirect(ctx, paths.form(interaction.uid, own.address))
        else await ask(deps, ctx, { purpose, interaction, codeFault: 'mismatch', status: 422 })
      })
    })

  const last = (ctx: Context) =>
    sent(ctx, (interaction, form) => attempt(ctx, interaction, () => finish(deps, ctx, { purpose, interaction, form })))

  return {
    name: purpose,
    asks: (question) => isOffered() && comesFirst(purpose, question),
    show: (ctx, interaction) => ask(deps, ctx, { purpose, interaction }),
    routes: [
      { path: own.address, get: show, post: address },
      { path: own.code, get: show, post: code },
      { path: own.last, get: show, post: last },
    ],
  }
}

/** Initiating User Registration 1.0 §4: whether the page comes before the sign-in page. */
function comesFirst(purpose: Purpose, { wants, createsAccount }: Question): boolean {
  return purpose === 'register' && createsAccount && wants.kind === 'identity'
}

/** Creates the checks that every step shares: whether it is offered, the form's origin, and how long to wait. */
function createGate(deps: StepDeps, purpose: Purpose) {
  const isOffered = () => (purpose === 'reset' ? deps.passwordReset.available : deps.registration.isOpen())

  /** Returns the interaction if it offers this step; otherwise redirects to the question and returns undefined. */
  async function opened(ctx: Context): Promise<OpenInteraction | undefined> {
    const interaction = await openInteraction(deps, ctx)
    if (interaction.prompt === 'login' && isOffered()) return interaction
    deps.paths.backToQuestion(ctx, interaction.uid)
    return undefined
  }

  return {
    isOffered,
    opened,
    /** Calls `use` with the form. If the form is not from our page, shows the page again. */
    async sent(ctx: Context, use: (interaction: OpenInteraction, form: Form) => Promise<void>): Promise<void> {
      const interaction = await opened(ctx)
      if (!interaction) return
      const form = await guardForm(deps, ctx, interaction)
      if (form) await use(interaction, form)
      else await ask(deps, ctx, { purpose, interaction, problem: 'stale', status: 403 })
    },
    async attempt(ctx: Context, interaction: OpenInteraction, work: () => Promise<void>): Promise<void> {
      try {
        await work()
      } catch (error) {
        const delayed = delayOf(ctx, error)
        if (!delayed) throw error
        await ask(deps, ctx, { purpose, interaction, ...delayed })
      }
    },
  }
}

/** Sets the password or creates the account, then signs the person in as far as that proof allows. */
async function finish(
  deps: StepDeps,
  ctx: Context,
  { purpose, interaction, form }: { purpose: Purpose; interaction: OpenInteraction; form: Form },
): Promise<void> {
  const password = form.one('password') ?? ''
  const name = (form.one('name') ?? '').trim()
  const again = (more: Again) => ask(deps, ctx, { purpose, interaction, name, status: 422, ...more })
  const empty: ChoiceFaults = {
    ...(purpose === 'register' && name === '' ? { name: true } : {}),
    ...(password === '' ? { password: 'missing' } : {}),
  }
  if (Object.keys(empty).length > 0) return again({ faults: empty })
  try {
    const account = await (purpose === 'reset'
      ? reset(deps, ctx, interaction, password)
      : register(deps, ctx, interaction, { name, password }))
    if (account) await signIn(deps, ctx, { account, method: purpose })
    else await again({ problem: 'over' })
  } catch (error) {
    if (error instanceof PasswordInvalid) return again({ faults: { password: error.problem } })
    if (error instanceof AccountInvalid) return again({ faults: { name: true } })
    if (!(error instanceof AccountExists)) throw error
    await deps.emailVerifications.forget(handleOf(interaction))
    await again({ problem: 'taken' })
  }
}

async function reset(deps: StepDeps, ctx: Context, interaction: OpenInteraction, password: string) {
  const { emailVerifications, gateway, passwordReset } = deps
  const verification = await emailVerifications.find(handleOf(interaction), 'reset')
  // the reset ends the person's sessions, so this sign-in first lets go of its own, in order not to end with it
  if (verification?.proven && verification.sub !== undefined) await gateway.beginAnew(ctx, verification.sub)
  return passwordReset.finish(handleOf(interaction), password, anonymous(ctx))
}

function register(
  { registration }: StepDeps,
  ctx: Context,
  interaction: OpenInteraction,
  chosen: { name: string; password: string },
) {
  const language = languageOf(ctx, interaction)
  return registration.create(handleOf(interaction), { ...chosen, language }, anonymous(ctx))
}

/**
 * Signs the person in with the new password as proof. Reading the mail is no second factor (ASVS 6.3.6): a person who
 * has set one up is asked for it now (ASVS 6.4.3), even if they have proven it before.
 */
async function signIn(
  deps: StepDeps,
  ctx: Context,
  { account, method }: { account: Account; method: Purpose },
): Promise<void> {
  const interaction = await openInteraction(deps, ctx)
  await deps.proofs.forget(interaction)
  const facts = { method, account, refusal: undefined, clientId: interaction.client.id, by: anonymous(ctx) }
  await deps.audit.record(proofEvent(facts))
  await deps.proofs.take(ctx, interaction, { account, method: PASSWORD.name, amr: PASSWORD.amr.always })
}

async function ask(
  deps: StepDeps,
  ctx: Context,
  asked: { purpose: Purpose; interaction: OpenInteraction; renew?: boolean } & Again,
): Promise<void> {
  const { emailVerifications, paths } = deps
  const { purpose, interaction, renew = false } = asked
  const { client, params, uid } = interaction
  const verification = renew ? undefined : await emailVerifications.find(handleOf(interaction), purpose)
  const own = MAIL_PATHS[purpose]
  const question = paths.form(uid, own.address)
  await sendStep(deps, ctx, interaction, {
    status: asked.status,
    path: question,
    page(parts) {
      const view: Omit<MailView, 'action'> = {
        ...parts,
        purpose,
        clientName: client.name,
        address: asked.address ?? verification?.address ?? text(params['login_hint']),
        problem: asked.problem,
        back: interaction.createsAccount ? paths.form(uid, SIGN_IN_PATH) : paths.question(uid),
      }
      if (!verification) return addressPage({ ...view, action: question, fault: asked.addressFault })
      const { name = '', faults = {} } = asked
      if (verification.proven) return lastPage({ ...view, action: paths.form(uid, own.last), name, faults })
      const another = `${question}?${ANOTHER}`
      return mailCodePage({ ...view, action: paths.form(uid, own.code), fault: asked.codeFault, another })
    },
  })
}

function handleOf({ uid }: OpenInteraction): string {
  return `interaction ${uid}`
}

function redirect(ctx: Context, path: string): void {
  ctx.redirect(path)
  // RFC 9700 §4.12: 303, so that the browser does not submit the form again
  ctx.status = 303
}
