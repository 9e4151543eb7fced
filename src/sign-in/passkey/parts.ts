/** Renders the passkey parts of pages: the sign-in button, the form to add a passkey, and the list. */
import { html, type Html } from '#pages/design/html.ts'
import { button, foreign, form, hidden } from '#pages/design/components.ts'
import { ask, type Row, rows } from '#pages/design/work-components.ts'
import type { Language } from '#pages/i18n/language.ts'
import type { ContentSecurityPolicy } from '#http/security-headers.ts'
import { MAX_NAME_LENGTH } from './enrolment.ts'
import type { Passkey, PasskeyCreation, PasskeyRequest } from './passkey.ts'
import { SCRIPT_ELEMENT, SCRIPT_POLICY } from './script.ts'
import { PASSKEY_TEXTS } from './texts/texts.ts'

/** The `autocomplete` value of a field where browsers also suggest passkeys (HTML §4.10.18.7.1). */
export const PASSKEY_AUTOCOMPLETE = 'username webauthn'
/** The name of the form field that holds the browser's response, as JSON. */
export const CREDENTIAL_FIELD = 'credential'

export interface ScriptedPart {
  readonly content: Html
  /** What the page's content security policy must allow for this part. */
  readonly policy: ContentSecurityPolicy
}

interface SentForm {
  readonly language: Language
  /** The path that the form is submitted to. */
  readonly action: string
  readonly csrfField: { readonly name: string; readonly value: string }
}

/**
 * Renders a button to sign in with a passkey. It stays hidden unless the script runs and the browser supports passkeys.
 * Put it after the field with PASSKEY_AUTOCOMPLETE, where browsers that can do so suggest passkeys too. `renewPath`
 * returns new options as JSON (GET).
 */
export function passkeySignIn(
  view: SentForm & {
    readonly options: PasskeyRequest
    readonly renewPath: string
    /** `primary` if this is the main action of the page. */
    readonly kind?: 'primary' | 'secondary'
  },
): ScriptedPart {
  const { language, action, csrfField, kind = 'secondary', options, renewPath } = view
  const texts = PASSKEY_TEXTS[language].signIn
  const content = html`<div hidden>
      <form
        class="stack"
        method="post"
        action="${action}"
        data-ceremony="get"
        data-options="${JSON.stringify(options)}"
        data-renew="${renewPath}"
        data-failed="${texts.failed}"
      >
        ${hidden(csrfField.name, csrfField.value)}${hidden(CREDENTIAL_FIELD, '')}${button({ label: texts.submit, kind })}
        <p class="small" role="alert" hidden></p>
      </form>
    </div>
    ${SCRIPT_ELEMENT}`
  return { content, policy: SCRIPT_POLICY }
}

/** Renders the form to add a passkey for a signed-in person, or a note if the browser does not support passkeys. */
export function passkeyAddition(
  view: SentForm & { readonly options: PasskeyCreation; readonly renewPath: string },
): ScriptedPart {
  const { language, action, csrfField, options, renewPath } = view
  const texts = PASSKEY_TEXTS[language].add
  const content = html`<div hidden>
      <form
        class="stack"
        method="post"
        action="${action}"
        data-ceremony="create"
        data-options="${JSON.stringify(options)}"
        data-renew="${renewPath}"
        data-failed="${texts.failed}"
        data-known="${texts.known}"
      >
        ${hidden(csrfField.name, csrfField.value)}${hidden(CREDENTIAL_FIELD, '')}${hidden('passkey', 'add')}
        ${nameField({ id: 'passkey-name', label: texts.name, value: texts.suggestion, help: texts.nameHelp })}
        ${button({ label: texts.submit, kind: 'primary' })}
        <p class="small" role="alert" hidden></p>
      </form>
    </div>
    <p class="soft" data-without-passkeys>${texts.without}</p>
    ${SCRIPT_ELEMENT}`
  return { content, policy: SCRIPT_POLICY }
}

/** Renders the account's passkeys, each with its name, its dates, and forms to rename and remove it. */
export function passkeyList(view: SentForm & { readonly passkeys: readonly Passkey[] }): Html {
  const texts = PASSKEY_TEXTS[view.language].list
  if (view.passkeys.length === 0) return html`<p>${texts.empty}</p>`
  return rows(view.passkeys.map((passkey) => listed(view, passkey)))
}

function listed({ language, action, csrfField }: SentForm, passkey: Passkey): Row {
  const texts = PASSKEY_TEXTS[language].list
  const dates = new Intl.DateTimeFormat(language, { dateStyle: 'medium', timeZone: 'UTC' })
  const { changedAt, createdAt, id, lastUsedAt, name, synced } = passkey
  const facts = [
    synced ? texts.synced : texts.single,
    texts.added(dates.format(createdAt)),
    lastUsedAt === undefined ? texts.unused : texts.used(dates.format(lastUsedAt)),
    ...(changedAt === undefined ? [] : [texts.changed(dates.format(changedAt))]),
  ]
  const fields = html`${hidden(csrfField.name, csrfField.value)}${hidden('id', id)}`
  const newName = nameField({ id: `name-of-${id}`, label: texts.newName, value: name })
  const rename = form(
    action,
    html`${fields}${newName}${button({ label: texts.save, name: 'passkey', value: 'rename' })}`,
  )
  const remove = form(action, html`${fields}${button({ label: texts.removeIt, name: 'passkey', value: 'remove' })}`)
  return {
    name: foreign(name),
    facts: [facts.join(' · ')],
    acts: html`${changedAt === undefined ? '' : ask(texts.replace(name), html`<p>${texts.replacing}</p>`)}${ask(
      texts.rename(name),
      rename,
    )}${ask(
      texts.remove(name),
      html`<p>${texts.removing}</p>
        ${remove}`,
    )}`,
  }
}

function nameField(given: { id: string; label: string; value: string; help?: string }): Html {
  const { id, label, value, help } = given
  const described = help === undefined ? '' : html` aria-describedby="${id}-help"`
  return html`<div class="field">
    <label for="${id}">${label}</label
    ><input
      id="${id}"
      name="name"
      type="text"
      value="${value}"
      maxlength="${MAX_NAME_LENGTH}"
      autocomplete="off"
      required${described}
    />
    ${help === undefined ? '' : html`<p class="small" id="${id}-help">${help}</p>`}
  </div>`
}
