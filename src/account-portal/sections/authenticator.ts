/** `/account/authenticator`: sets up, replaces and removes an authenticator app, and makes its recovery codes. */
import { brandOf } from '#pages/brand.ts'
import { html, raw, type Html } from '#pages/design/html.ts'
import { button, field, hidden } from '#pages/design/components.ts'
import { ask, rows, section } from '#pages/design/work-components.ts'
import { FactorCodeWrong } from '#sign-in/errors.ts'
import { normalizedCode } from '#sign-in/one-time-code.ts'
import type { RecoveryCodes } from '#sign-in/recovery-code/recovery-codes.ts'
import { TOTP } from '#sign-in/totp/method.ts'
import type { Totp } from '#sign-in/totp/totp.ts'
import { datesOf } from '../dates.ts'
import type { Layout } from '../layout.ts'
import type { Notices } from '../notices.ts'
import { shownCodes } from '../shown-codes.ts'
import { TEXTS } from '../texts/texts.ts'
import type { Answer, Section, ShownAgain, Visit } from '../visit.ts'

export interface AuthenticatorDeps {
  readonly layout: Layout
  readonly totp: Pick<Totp, 'state' | 'begin' | 'pending' | 'confirm' | 'remove'>
  readonly recoveryCodes: Pick<RecoveryCodes, 'generate' | 'left' | 'removeAll'>
  readonly notices: Notices
}

type Setup = NonNullable<Awaited<ReturnType<Totp['pending']>>>

export function createAuthenticator(deps: AuthenticatorDeps): Section {
  const { layout, totp } = deps
  return {
    name: 'authenticator',
    isGuarded: () => true,
    show: (visit, again) => show(deps, visit, again),

    async answer(visit, form) {
      switch (form.one('act')) {
        case 'remove':
          return remove(deps, visit)
        case 'confirm':
          return confirm(deps, visit, form.one('code') ?? '')
        default:
          await totp.begin(visit.account, brandOf(visit.ctx).name)
          layout.paths.lead(visit.ctx, layout.paths.section('authenticator'))
          return undefined
      }
    },
  }
}

async function remove({ totp, recoveryCodes, notices }: AuthenticatorDeps, visit: Visit): Promise<Answer> {
  const { account, by } = visit
  await totp.remove(account.id, by, async (trx) => {
    await recoveryCodes.removeAll(trx, account.id)
    await notices.factorChanged(trx, visit, 'totp_removed')
  })
  return 'totpRemoved'
}

async function confirm(deps: AuthenticatorDeps, visit: Visit, code: string): Promise<Answer> {
  const { layout, totp, recoveryCodes, notices } = deps
  const { account, by, language } = visit
  const texts = TEXTS[language].authenticator
  const again = (message: string) => show(deps, visit, { status: 422, errors: [{ field: 'code', message }] })
  if (normalizedCode(code) === '') return again(texts.missing).then(() => undefined)
  // keeps the codes that a person has saved, and makes new ones if there are none
  const needsCodes = (await recoveryCodes.left(account.id)) === 0
  let codes: string[] = []
  try {
    await totp.confirm(account.id, code, by, async (trx) => {
      if (needsCodes) codes = await recoveryCodes.generate(account.id, by, trx)
      await notices.factorChanged(trx, visit, 'totp_added')
    })
  } catch (error) {
    if (!(error instanceof FactorCodeWrong)) throw error
    return again(texts.wrong).then(() => undefined)
  }
  // the code proved the app, which is now the strongest or second-strongest method
  await visit.proved(TOTP.name)
  if (!needsCodes) return 'totpAdded'
  await shownCodes(layout, visit, { name: 'authenticator', codes, done: 'totpAdded' })
  return undefined
}

async function show({ layout, totp }: AuthenticatorDeps, visit: Visit, again?: ShownAgain): Promise<void> {
  const { account, isFresh, language } = visit
  const texts = TEXTS[language].authenticator
  const [state, pending] = await Promise.all([totp.state(account.id), totp.pending(account, brandOf(visit.ctx).name)])
  const yours = section({
    id: 'yours',
    heading: texts.yours,
    lead: texts.lead,
    ...(state || isFresh ? { content: html`${state ? stateRow(visit, state) : ''}${isFresh ? acts() : ''}` } : {}),
  })

  function acts(): Html {
    const begin = button({
      label: state ? texts.replace : texts.begin,
      kind: state || pending ? 'secondary' : 'primary',
    })
    const gone = html`<p>${texts.removeWords}</p>
      ${layout.form(visit, 'authenticator', html`${hidden('act', 'remove')}${button({ label: texts.remove, kind: 'danger' })}`)}`
    return html`${layout.form(visit, 'authenticator', html`${hidden('act', 'begin')}${begin}`)}
    ${state ? ask(texts.remove, gone) : ''}`
  }

  const setup = isFresh && pending ? setupSection(layout, visit, pending, again) : ''
  await layout.send(visit, {
    name: 'authenticator',
    again,
    content: html`${isFresh ? '' : layout.confirm(visit, 'authenticator')}${setup}${yours}`,
  })
}

function stateRow(visit: Visit, state: { confirmedAt: Date; lastUsedAt: Date | null }): Html {
  const texts = TEXTS[visit.language].authenticator
  const dates = datesOf(visit)
  const used = state.lastUsedAt === null ? texts.unused : texts.used(dates.moment(state.lastUsedAt))
  return rows([{ name: texts.name, facts: [texts.since(dates.moment(state.confirmedAt)), used] }])
}

function setupSection(layout: Layout, visit: Visit, { qr, secret, uri }: Setup, again?: ShownAgain): Html {
  const texts = TEXTS[visit.language].authenticator
  const code = field({
    name: 'code',
    label: texts.code,
    type: 'text',
    autocomplete: 'one-time-code',
    inputmode: 'numeric',
    error: again?.errors?.find((one) => one.field === 'code')?.message,
  })
  const content = html`<p>${texts.scan}</p>
    <div class="qr" role="img" aria-label="${texts.qr}">${raw(qr)}</div>
    <p><a href="${uri}">${texts.open}</a></p>
    <div>
      <p>${texts.type}</p>
      <p class="mono" dir="ltr">${(secret.match(/.{1,4}/g) ?? []).join(' ')}</p>
    </div>
    ${layout.form(
      visit,
      'authenticator',
      html`${hidden('act', 'confirm')}${code}${button({ label: texts.confirm, kind: 'primary' })}`,
    )}`
  return section({ id: 'set-up', heading: texts.setUp, content })
}
