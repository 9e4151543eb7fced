/** `/account/profile`: edits the name and the standard claims (OpenID Connect Core §5.1). */
import { html, type Html } from '#pages/design/html.ts'
import type { Accounts } from '#accounts/account.ts'
import { isText } from '#accounts/claims.ts'
import { AccountInvalid } from '#accounts/errors.ts'
import { button, field } from '#pages/design/components.ts'
import { choice, rows, section } from '#pages/design/work-components.ts'
import type { Form } from '#http/body.ts'
import { LANGUAGES } from '#pages/i18n/language.ts'
import type { Layout } from '../layout.ts'
import { type PortalTexts, TEXTS } from '../texts/texts.ts'
import type { Section, ShownAgain, Visit } from '../visit.ts'

type FieldName = Exclude<keyof PortalTexts['profile']['fields'], 'locale'>

interface FieldKind {
  readonly type: 'text' | 'tel' | 'url'
  readonly autocomplete: string
  readonly prose?: true
  readonly fault: keyof PortalTexts['profile']['faults']
}

/** The fields in the order of the page. The e-mail address is left out, because a new one must be verified first. */
const FIELDS: Readonly<Record<FieldName, FieldKind>> = {
  name: { type: 'text', autocomplete: 'name', prose: true, fault: 'text' },
  given_name: { type: 'text', autocomplete: 'given-name', prose: true, fault: 'text' },
  middle_name: { type: 'text', autocomplete: 'additional-name', prose: true, fault: 'text' },
  family_name: { type: 'text', autocomplete: 'family-name', prose: true, fault: 'text' },
  nickname: { type: 'text', autocomplete: 'nickname', prose: true, fault: 'text' },
  birthdate: { type: 'text', autocomplete: 'bday', fault: 'birthdate' },
  gender: { type: 'text', autocomplete: 'sex', prose: true, fault: 'text' },
  phone_number: { type: 'tel', autocomplete: 'tel', fault: 'phone_number' },
  street_address: { type: 'text', autocomplete: 'address-line1', prose: true, fault: 'text' },
  locality: { type: 'text', autocomplete: 'address-level2', prose: true, fault: 'text' },
  region: { type: 'text', autocomplete: 'address-level1', prose: true, fault: 'text' },
  postal_code: { type: 'text', autocomplete: 'postal-code', fault: 'text' },
  country: { type: 'text', autocomplete: 'country-name', prose: true, fault: 'text' },
  website: { type: 'url', autocomplete: 'url', fault: 'address' },
  profile: { type: 'url', autocomplete: 'off', fault: 'address' },
  picture: { type: 'url', autocomplete: 'photo', fault: 'address' },
  zoneinfo: { type: 'text', autocomplete: 'off', fault: 'zoneinfo' },
}
const NAMES = Object.keys(FIELDS) as FieldName[]
/** The fields that are members of the claim `address` (OpenID Connect Core §5.1.1). */
const ADDRESS: readonly FieldName[] = ['street_address', 'locality', 'region', 'postal_code', 'country']

export interface ProfileDeps {
  readonly layout: Layout
  readonly accounts: Pick<Accounts, 'update'>
}

export function createProfile({ layout, accounts }: ProfileDeps): Section {
  async function show(visit: Visit, again?: ShownAgain): Promise<void> {
    const { account, language } = visit
    const texts = TEXTS[language].profile
    const values = again?.values ?? valuesOf(visit)
    const email = {
      name: account.email,
      state: account.emailVerified ? texts.verified : texts.unverified,
      acts: html`<p><a href="${layout.paths.section('email')}">${texts.changeEmail}</a></p>`,
    }
    const content = html`${section({ id: 'email', heading: texts.email, content: rows([email]) })}
    ${section({
      id: 'details',
      heading: texts.details,
      lead: texts.lead,
      content: layout.form(visit, 'profile', fieldsOf(visit, values, again)),
    })}`
    await layout.send(visit, { name: 'profile', again, content })
  }

  return {
    name: 'profile',
    show,
    async answer(visit, form) {
      const given = {
        ...Object.fromEntries(NAMES.map((name) => [name, textOf(form, name)])),
        locale: textOf(form, 'locale'),
      }
      try {
        await accounts.update(visit.account.id, changesOf(visit, given), undefined, visit.by)
        return 'profileSaved'
      } catch (error) {
        if (!(error instanceof AccountInvalid)) throw error
        const texts = TEXTS[visit.language].profile.faults
        const errors = faultyFields(error, given).map((name) => ({
          field: name,
          message: texts[FIELDS[name as FieldName]?.fault ?? 'locale'],
        }))
        await show(visit, { status: 422, errors, values: given })
        return undefined
      }
    },
  }
}

/** Returns the fields to correct. Those of an address are told apart here, because it is one claim. */
function faultyFields({ faults }: AccountInvalid, given: Readonly<Record<string, string>>): string[] {
  return faults.flatMap(({ field: name }) =>
    name === 'address' ? ADDRESS.filter((part) => given[part] !== '' && !isText(given[part])) : [name],
  )
}

function textOf(form: Form, name: string): string {
  return (form.one(name) ?? '').trim()
}

function valuesOf({ account }: Visit): Record<string, string> {
  const claims = [...NAMES, 'locale'].map((name) => {
    const value = account.claims[name] ?? addressOf(account)[name]
    // a street in several lines, which an administrator can set, has one line here
    return [name, typeof value === 'string' ? value.replace(/\r?\n/g, ', ') : '']
  })
  return { ...Object.fromEntries(claims), name: account.name ?? '' }
}

function addressOf({ claims }: Visit['account']): Readonly<Record<string, unknown>> {
  return (claims['address'] ?? {}) as Readonly<Record<string, unknown>>
}

/** Returns the changed address without `formatted`, which would not fit any more; null when nothing is left of it. */
function changedAddress(visit: Visit, changed: Readonly<Record<string, string>>): Record<string, unknown> | null {
  const { formatted: _formatted, ...before } = addressOf(visit.account)
  const parts = Object.entries({ ...before, ...changed }).filter(([, value]) => value !== '')
  return parts.length === 0 ? null : Object.fromEntries(parts)
}

/** Returns only what changed. An empty field removes its claim, and a new phone number counts as unverified. */
function changesOf(visit: Visit, given: Readonly<Record<string, string>>) {
  const before = valuesOf(visit)
  const changed = Object.entries(given).filter(([name, value]) => value !== before[name])
  const isOfAddress = ([key]: readonly [string, string]) => ADDRESS.some((part) => part === key)
  const parts = changed.filter(isOfAddress)
  const others = changed.filter((entry) => !isOfAddress(entry))
  const { name, ...claims } = Object.fromEntries(others.map(([key, value]) => [key, value === '' ? null : value]))
  const isNewNumber = Object.hasOwn(claims, 'phone_number')
  return {
    ...(name === undefined ? {} : { name }),
    claims: {
      ...claims,
      ...(isNewNumber ? { phone_number_verified: null } : {}),
      ...(parts.length > 0 ? { address: changedAddress(visit, Object.fromEntries(parts)) } : {}),
    },
  }
}

function fieldsOf({ language }: Visit, values: Readonly<Record<string, string>>, again?: ShownAgain): Html {
  const texts = TEXTS[language].profile
  const help: Partial<Record<string, string>> = texts.help
  const known = Object.entries(LANGUAGES).map(([value, { name }]) => ({ value, label: name }))
  const locale = values['locale'] ?? ''
  // keeps a language tag that an administrator set, even if we have no pages in it
  const own = locale === '' || known.some(({ value }) => value === locale) ? [] : [{ value: locale, label: locale }]
  return html`${NAMES.map((name) => {
    const { fault: _fault, ...kind } = FIELDS[name]
    return field({
      ...kind,
      name,
      label: texts.fields[name],
      help: help[name],
      value: values[name] ?? '',
      error: again?.errors?.find((one) => one.field === name)?.message,
      optional: true,
    })
  })}${choice({
    name: 'locale',
    label: texts.fields.locale,
    help: texts.help.locale,
    value: locale,
    options: [{ value: '', label: texts.noLocale }, ...own, ...known],
  })}${button({ label: texts.save, kind: 'primary' })}`
}
