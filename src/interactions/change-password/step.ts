/** The step to replace a password that somebody else chose, before the sign-in continues. */
import { html } from '#pages/design/html.ts'
import type { Context } from 'koa'
import type { Account } from '#accounts/account.ts'
import type { AuditContext } from '#audit/audit.ts'
import type { Form } from '#http/body.ts'
import { button, field, form as formElement, hidden, notice } from '#pages/design/components.ts'
import type { OpenInteraction } from '#oidc/interactions/interaction-gateway.ts'
import { PasswordInvalid } from '#sign-in/errors.ts'
import { preparedPassword } from '#sign-in/password/prepared-password.ts'
import { PASSWORD } from '#sign-in/password/method.ts'
import { type ChoiceFaults, choiceFields } from '../mail/page.ts'
import { sendStep, type StepPage, type StepView } from '../send-step.ts'
import { anonymous } from '../paths.ts'
import { guardForm, openInteraction, putOff, type Question, type Step, type StepDeps } from '../step.ts'
import { TEXTS } from '../texts/texts.ts'

const PATH = 'change-password'

interface Again {
  readonly problem?: 'stale' | 'busy' | 'tooMany'
  readonly current?: 'missing' | 'mismatch'
  readonly next?: ChoiceFaults['password']
  readonly status?: number
}

type Known = { readonly interaction: OpenInteraction; readonly account: Account }

export function createChangeStep(deps: StepDeps): Step {
  const { accounts, paths, proofs } = deps

  async function answer(ctx: Context): Promise<void> {
    const interaction = await openInteraction(deps, ctx)
    const { next, accountId } = await proofs.state(interaction)
    const account = accountId === undefined ? undefined : await accounts.read(accountId)
    if (!isAsked(next) || !account) return paths.backToQuestion(ctx, interaction.uid)
    const form = await guardForm(deps, ctx, interaction)
    if (!form) return ask(deps, ctx, { interaction, account, problem: 'stale', status: 403 })
    await change(deps, ctx, { interaction, account, form })
  }

  return {
    name: PATH,
    asks: ({ wants }) => isAsked(wants),
    async show(ctx, interaction, { accountId = '' }) {
      const account = await accounts.read(accountId)
      if (account) await ask(deps, ctx, { interaction, account })
      else paths.backToQuestion(ctx, interaction.uid)
    },
    routes: [{ path: PATH, post: answer }],
  }
}

function isAsked(wants: Question['wants']): boolean {
  return wants.kind === 'replace' && wants.method === PASSWORD.name
}

async function change(deps: StepDeps, ctx: Context, given: Known & { form: Form }): Promise<void> {
  const { interaction, account, form } = given
  const [current, next] = [form.one('current') ?? '', form.one('password') ?? '']
  const again = (more: Again) => ask(deps, ctx, { interaction, account, status: 422, ...more })
  if (current === '' || next === '') {
    return again({ ...(current === '' ? { current: 'missing' } : {}), ...(next === '' ? { next: 'missing' } : {}) })
  }
  if (preparedPassword(current) === preparedPassword(next)) return again({ next: 'same' })
  const by: AuditContext = { ...anonymous(ctx), actor: { kind: 'account', id: account.id } }
  try {
    const changed = await deps.passwords.change(account, { current, next }, by, (trx) =>
      deps.notifyPasswordChanged(trx, account, by),
    )
    if (!changed) return await again({ current: 'mismatch' })
    await deps.proofs.take(ctx, interaction, { account, method: PASSWORD.name, amr: PASSWORD.amr.always })
  } catch (error) {
    if (error instanceof PasswordInvalid) return again({ next: error.problem })
    const delayed = putOff(ctx, error)
    if (!delayed) throw error
    await again(delayed)
  }
}

async function ask(deps: StepDeps, ctx: Context, shown: Known & Again): Promise<void> {
  const { interaction, account, status = 200 } = shown
  await sendStep(deps, ctx, interaction, {
    account,
    status,
    page: (view) => changePage({ ...view, ...shown, status, actions: actionsOf(deps, interaction) }),
  })
}

function actionsOf({ paths }: StepDeps, { uid }: OpenInteraction): ChangeActions {
  return { change: paths.form(uid, PATH), restart: paths.form(uid, 'restart') }
}

interface ChangeActions {
  readonly change: string
  readonly restart: string
}

function changePage(
  view: StepView & Again & { readonly account: Account; readonly status: number; readonly actions: ChangeActions },
): StepPage {
  const { language, csrfField, account, actions, problem, status } = view
  const texts = TEXTS[language]
  const own = texts.byMail.change
  const csrf = hidden(csrfField.name, csrfField.value)
  const send = (label: string, kind: 'primary' | 'quiet') => html`${button({ label, kind })}`
  const present = field({
    name: 'current',
    label: own.current,
    type: 'password',
    autocomplete: 'current-password',
    error: view.current && { missing: own.currentMissing, mismatch: own.mismatch }[view.current],
    focus: view.next === undefined,
  })
  const chosen = choiceFields({
    language,
    address: account.email,
    faults: { password: view.next },
    focus: view.next !== undefined,
  })
  const content = html`<div class="lines">
      <h1>${own.title}</h1>
      <p>${own.asks(account.email)}</p>
    </div>
    ${problem === undefined ? '' : notice('change-notice', texts.code[problem])}
    ${formElement(actions.change, html`${csrf}${present}${chosen}${send(own.submit, 'primary')}`)}
    <div class="close">${formElement(actions.restart, html`${csrf}${send(texts.code.restart, 'quiet')}`)}</div>`
  return { title: status === 200 ? own.title : `${texts.signIn.errorPrefix}: ${own.title}`, content }
}
