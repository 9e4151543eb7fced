/** `/account/recovery-codes`: shows how many codes are left, and replaces them. */
import { html, type Html } from '#pages/design/html.ts'
import { button, buttonLink } from '#pages/design/components.ts'
import { section } from '#pages/design/work-components.ts'
import { FactorNotFound } from '#sign-in/errors.ts'
import type { RecoveryCodes } from '#sign-in/recovery-code/recovery-codes.ts'
import type { Totp } from '#sign-in/totp/totp.ts'
import type { Layout } from '../layout.ts'
import type { Notices } from '../notices.ts'
import { shownCodes } from '../shown-codes.ts'
import { TEXTS } from '../texts/texts.ts'
import type { Section, Visit } from '../visit.ts'

export interface RecoveryCodesDeps {
  readonly layout: Layout
  readonly recoveryCodes: Pick<RecoveryCodes, 'generate' | 'left'>
  readonly totp: Pick<Totp, 'isEnrolled'>
  readonly notices: Notices
}

export function createRecoveryCodesSection(deps: RecoveryCodesDeps): Section {
  const { layout, recoveryCodes, totp, notices } = deps
  return {
    name: 'recovery-codes',
    isGuarded: () => true,

    async show(visit, again) {
      const { account, language, isFresh } = visit
      const texts = TEXTS[language].recoveryCodes
      const [left, hasApp] = await Promise.all([recoveryCodes.left(account.id), totp.isEnrolled(account.id)])
      const yours = section({
        id: 'yours',
        heading: texts.yours,
        lead: texts.lead,
        content: html`<p>${left === 0 ? texts.none : texts.left(left)}</p>
          ${hasApp ? (isFresh ? making(layout, visit, left) : '') : appFirst(layout, visit)}`,
      })
      const confirm = hasApp && !isFresh ? layout.confirm(visit, 'recovery-codes') : ''
      await layout.send(visit, { name: 'recovery-codes', again, content: html`${confirm}${yours}` })
    },

    async answer(visit) {
      const { account, by } = visit
      if (!(await totp.isEnrolled(account.id))) throw new FactorNotFound('authenticator app')
      const codes = await recoveryCodes.generate(account.id, by, undefined, (trx) =>
        notices.factorChanged(trx, visit, 'recovery_codes_made'),
      )
      await shownCodes(layout, visit, { name: 'recovery-codes', codes, done: 'codesMade' })
      return undefined
    },
  }
}

function making(layout: Layout, visit: Visit, left: number): Html {
  const texts = TEXTS[visit.language].recoveryCodes
  const warning = left === 0 ? '' : html`<p class="small">${texts.again}</p>`
  return layout.form(visit, 'recovery-codes', html`${warning}${button({ label: texts.make, kind: 'primary' })}`)
}

function appFirst(layout: Layout, { language }: Visit): Html {
  const texts = TEXTS[language].recoveryCodes
  const href = layout.paths.section('authenticator')
  return html`<p>${texts.needsApp}</p>
    <div>${buttonLink({ href, label: texts.toApp })}</div>`
}
