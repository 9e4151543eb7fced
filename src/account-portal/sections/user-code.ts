/** The code that a person tells an app, so that it may ask them for a sign-in (CIBA), on the page of these requests. */
import type { Form } from '#http/body.ts'
import { button, field, hidden } from '#pages/design/components.ts'
import { html, type Html } from '#pages/design/html.ts'
import { ask, section } from '#pages/design/work-components.ts'
import type { UserCodes } from '#sign-in/user-code/user-codes.ts'
import { datesOf } from '../dates.ts'
import type { Layout } from '../layout.ts'
import { type Done, TEXTS } from '../texts/texts.ts'
import type { ShownAgain, Visit } from '../visit.ts'

export interface UserCodeDeps {
  readonly layout: Layout
  readonly userCodes: Pick<UserCodes, 'state' | 'set' | 'remove'>
}

/** The name of the field that its forms have, and no other form of the page. */
const ACT = 'code-act'
const CODE = 'code'

/** Whether the form is one of the code. */
export function isAboutUserCode(form: Form): boolean {
  return form.one(ACT) !== undefined
}

/** Sets or removes the code. Returns a problem if the new one is too short or too long. */
export async function answerUserCode(
  { userCodes }: UserCodeDeps,
  { account, by, language }: Visit,
  form: Form,
): Promise<Done | ShownAgain> {
  if (form.one(ACT) === 'remove') {
    await userCodes.remove(account.id, by)
    return 'userCodeRemoved'
  }
  if (await userCodes.set(account.id, form.one(CODE) ?? '', by)) return 'userCodeSet'
  return { status: 422, errors: [{ field: CODE, message: TEXTS[language].requests.codeLength }] }
}

export async function userCodeSection(deps: UserCodeDeps, visit: Visit, again?: ShownAgain): Promise<Html> {
  const { account, isFresh, language } = visit
  const texts = TEXTS[language].requests
  const state = await deps.userCodes.state(account.id)
  return section({
    id: 'user-code',
    heading: texts.codeHeading,
    lead: texts.codeLead,
    content: html`<p>${state ? texts.codeSince(datesOf(visit).moment(state.updatedAt)) : texts.codeNone}</p>
      ${isFresh ? forms(deps, visit, { hasOne: state !== undefined, again }) : deps.layout.confirm(visit, 'requests')}`,
  })
}

function forms(
  { layout }: UserCodeDeps,
  visit: Visit,
  { hasOne, again }: { readonly hasOne: boolean; readonly again: ShownAgain | undefined },
): Html {
  const texts = TEXTS[visit.language].requests
  const code = field({
    name: CODE,
    label: texts.code,
    help: texts.codeHelp,
    type: 'text',
    autocomplete: 'off',
    error: again?.errors?.find((one) => one.field === CODE)?.message,
  })
  const set = html`${hidden(ACT, 'set')}${code}${button({ label: hasOne ? texts.codeChange : texts.codeSet })}`
  const gone = html`<p>${texts.codeRemoveWords}</p>
    ${layout.form(visit, 'requests', html`${hidden(ACT, 'remove')}${button({ label: texts.codeRemove, kind: 'danger' })}`)}`
  return html`${layout.form(visit, 'requests', set)} ${hasOne ? ask(texts.codeRemove, gone) : ''}`
}
