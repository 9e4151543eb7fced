/** `/account/password`: changes the password, given the current one (ASVS 6.2.3), or sets the first one. */
import { html, type Html } from '#pages/design/html.ts'
import type { Form } from '#http/body.ts'
import { button, field } from '#pages/design/components.ts'
import { section, tickBox } from '#pages/design/work-components.ts'
import type { Queryable } from '#database/database.ts'
import type { AccountAccess } from '#oidc/sessions/account-access.ts'
import { PasswordInvalid } from '#sign-in/errors.ts'
import type { Passwords } from '#sign-in/password/password.ts'
import { datesOf } from '../dates.ts'
import type { Layout } from '../layout.ts'
import type { Notices } from '../notices.ts'
import { TEXTS } from '../texts/texts.ts'
import type { Answer, FieldError, Section, ShownAgain, Visit } from '../visit.ts'

export interface PasswordDeps {
  readonly layout: Layout
  readonly passwords: Pick<Passwords, 'state' | 'change' | 'reset'>
  readonly accountAccess: Pick<AccountAccess, 'endOthers' | 'sessions'>
  readonly notices: Notices
}

const ELSEWHERE = 'elsewhere'

interface Entered {
  readonly current: string
  readonly next: string
  readonly again: string
  readonly endsOthers: boolean
}

export function createPasswordSection(deps: PasswordDeps): Section {
  const { layout, passwords } = deps

  async function show(visit: Visit, again?: ShownAgain): Promise<void> {
    const texts = TEXTS[visit.language].password
    const state = await passwords.state(visit.account.id)
    const ticked = again?.values === undefined || again.values[ELSEWHERE] !== undefined
    const content = visit.isFresh
      ? section({
          id: 'new',
          heading: texts.heading,
          lead: texts.lead,
          content: layout.form(visit, 'password', fieldsOf(visit, { hasOne: state !== undefined, ticked, again })),
        })
      : layout.confirm(visit, 'password')
    const lead = state === undefined ? texts.none : texts.state(datesOf(visit).day(state.updatedAt))
    await layout.send(visit, {
      name: 'password',
      again,
      content: html`<p>${lead}</p>
        ${content}`,
    })
  }

  return {
    name: 'password',
    isGuarded: () => true,
    show,
    async answer(visit, form) {
      const texts = TEXTS[visit.language].password
      const entered = read(form)
      const hasOne = (await passwords.state(visit.account.id)) !== undefined
      const again = (errors: readonly FieldError[]) =>
        show(visit, { status: 422, errors, values: entered.endsOthers ? { [ELSEWHERE]: 'yes' } : {} }).then(
          () => undefined,
        )
      const faults = faultsOf(texts, entered, hasOne)
      if (faults.length > 0) return again(faults)
      try {
        const done = await write(deps, visit, entered, hasOne)
        return done ?? (await again([{ field: 'current', message: texts.currentWrong }]))
      } catch (error) {
        if (!(error instanceof PasswordInvalid)) throw error
        return again([{ field: 'next', message: texts[error.problem] }])
      }
    },
  }
}

function read(form: Form): Entered {
  return {
    current: form.one('current') ?? '',
    next: form.one('next') ?? '',
    again: form.one('again') ?? '',
    endsOthers: form.one(ELSEWHERE) !== undefined,
  }
}

/** Writes the new password. Returns undefined if the current one is wrong. */
async function write(deps: PasswordDeps, visit: Visit, entered: Entered, hasOne: boolean): Promise<Answer> {
  const { passwords, accountAccess, notices } = deps
  const { account, by, session } = visit
  const within = async (trx: Queryable) => {
    if (entered.endsOthers) await accountAccess.endOthers(trx, account.id, session.uid, by)
    await notices.factorChanged(trx, visit, 'password_changed')
  }
  const { current, next } = entered
  if (!hasOne) await passwords.reset(account, next, by, within)
  else if (!(await passwords.change(account, { current, next }, by, within))) return undefined
  return entered.endsOthers ? 'passwordChangedEverywhere' : 'passwordChanged'
}

type PasswordTexts = (typeof TEXTS)['en']['password']

function faultsOf(texts: PasswordTexts, { current, next, again }: Entered, hasOne: boolean): FieldError[] {
  const faults: FieldError[] = []
  if (hasOne && current === '') faults.push({ field: 'current', message: texts.currentMissing })
  if (next === '') faults.push({ field: 'next', message: texts.nextMissing })
  else if (next !== again) faults.push({ field: 'again', message: texts.differs })
  return faults
}

interface Shown {
  readonly hasOne: boolean
  readonly ticked: boolean
  readonly again: ShownAgain | undefined
}

function fieldsOf({ account, language }: Visit, { hasOne, ticked, again }: Shown): Html {
  const texts = TEXTS[language].password
  const password = (name: 'current' | 'next' | 'again') =>
    field({
      name,
      label: texts[name],
      type: 'password',
      autocomplete: name === 'current' ? 'current-password' : 'new-password',
      error: again?.errors?.find((one) => one.field === name)?.message,
    })
  // tells password managers which account the password is for
  return html`<input type="text" name="username" value="${account.email}" autocomplete="username" hidden />
    ${hasOne ? password('current') : ''}${password('next')}${password('again')}
    ${tickBox({ name: ELSEWHERE, value: 'yes', label: texts.elsewhere, checked: ticked })}
    ${button({ label: hasOne ? texts.submit : texts.first, kind: 'primary' })}`
}
