/** The parts that pages are put together from. Texts come in; nothing here speaks a language. */
import { html, type Html } from './html.ts'

/** A ring of outer radius 13 and inner radius 7 around (16, 17), cut open at the top by a notch 4 wide and 3 deep. */
export const MARK = 'M14 4.15V7h4V4.15A13 13 0 1 1 14 4.15ZM16 10a7 7 0 1 0 0 14 7 7 0 0 0 0-14Z'

/** A signet ring seen from above, with its notch. One colour: that of the text around it. */
export function mark(size = 28): Html {
  return html`<svg
    class="mark"
    width="${size}"
    height="${size}"
    viewBox="0 0 32 32"
    fill="currentColor"
    aria-hidden="true"
  >
    <path fill-rule="evenodd" d="${MARK}" />
  </svg>`
}

function tick(): Html {
  return html`<svg
    width="16"
    height="16"
    viewBox="0 0 16 16"
    fill="none"
    stroke="currentColor"
    stroke-width="2"
    stroke-linecap="round"
    stroke-linejoin="round"
    aria-hidden="true"
  >
    <path d="m3 8.5 3.2 3.2L13 5" />
  </svg>`
}

function warning(): Html {
  return html`<svg width="16" height="16" viewBox="0 0 16 16" fill="currentColor" aria-hidden="true">
    <path d="M8 0a8 8 0 1 0 0 16A8 8 0 0 0 8 0Zm-1 4h2v5H7Zm0 6.5h2v2H7Z" />
  </svg>`
}

/** Another's name or words: their direction of writing stays their own. */
export function foreign(text: string): Html {
  return html`<bdi>${text}</bdi>`
}

export function strong(text: string): Html {
  return html`<strong><bdi>${text}</bdi></strong>`
}

export function host(text: string): Html {
  return html`<span class="host" dir="ltr">${text}</span>`
}

export interface Button {
  readonly label: string | Html
  /** `danger`: what it takes away does not come back. */
  readonly kind?: 'primary' | 'secondary' | 'quiet' | 'danger'
  readonly name?: string
  readonly value?: string
}

/** A submit button; it stands inside the form that it sends. */
export function button({ label, kind = 'secondary', name, value }: Button): Html {
  const sent = name === undefined ? '' : html`name="${name}" value="${value ?? ''}"`
  return html`<button type="submit" ${sent} class="button ${kind}">${label}</button>`
}

/** A way on by GET that looks like the button it stands in for. `href` must be checked by the caller (see `webUrl`). */
export function buttonLink(link: { href: string; label: string | Html; kind?: Button['kind'] }): Html {
  return html`<a class="button ${link.kind ?? 'secondary'}" href="${link.href}">${link.label}</a>`
}

export interface Field {
  readonly name: string
  readonly label: string
  /** What to know before one fills it in. */
  readonly help?: string | undefined
  readonly type: 'text' | 'password' | 'email' | 'tel' | 'url'
  /** The autofill name (HTML §4.10.18.7). */
  readonly autocomplete: string
  readonly value?: string
  readonly error?: string | undefined
  /** The id of a notice about several fields, this one among them. */
  readonly describedBy?: string | undefined
  readonly focus?: boolean
  readonly inputmode?: 'email' | 'numeric'
  /** Of people's own words: their capitals and spelling are left to the keyboard. */
  readonly prose?: boolean
  readonly optional?: boolean
}

/** A label, its input and, between them, what is wrong with it. */
export function field(given: Field): Html {
  const { name, label, type, autocomplete, value = '', error, help, focus = false, inputmode } = given
  const fault = error === undefined ? given.describedBy : `${name}-error`
  const describing = [fault, help === undefined ? undefined : `${name}-help`].filter((id) => id !== undefined)
  const described = describing.length === 0 ? '' : html` aria-describedby="${describing.join(' ')}"`
  const invalid = html`${fault === undefined ? '' : html` aria-invalid="true"`}${described}`
  const entry =
    type === 'text' && given.prose !== true ? html` autocapitalize="none" autocorrect="off" spellcheck="false"` : ''
  const keyboard = inputmode === undefined ? '' : html` inputmode="${inputmode}"`
  return html`<div class="field">
    <label for="${name}">${label}</label>
    ${help === undefined ? '' : html`<p class="small" id="${name}-help">${help}</p>`}
    ${error === undefined ? '' : wrong(`${name}-error`, error)}<input
      id="${name}"
      name="${name}"
      type="${type}"
      value="${value}"
      autocomplete="${autocomplete}"
      ${entry}${keyboard}
      ${given.optional === true ? '' : 'required'}${invalid}${focus ? html` autofocus` : ''}
    />
  </div>`
}

function wrong(id: string, message: string): Html {
  return html`<p class="wrong" id="${id}">${warning()}<span>${message}</span></p>`
}

/** What went wrong with the whole form, said at once to a screen reader. */
export function notice(id: string, message: string): Html {
  return html`<div class="notice wrong" id="${id}" role="alert">${warning()}<span>${message}</span></div>`
}

export function hidden(name: string, value: string): Html {
  return html`<input type="hidden" name="${name}" value="${value}" />`
}

/** A form that posts to a path of our own. */
export function form(action: string, content: Html): Html {
  return html`<form class="stack" method="post" action="${action}" novalidate>${content}</form>`
}

/** What is asked for, ticked; each line is sent as `scope`. What is required has a tick that stays. */
export function scopeList(scopes: readonly { value: string; words: string; required: boolean }[]): Html {
  return html`<ul class="scopes" role="list">
    ${scopes.map(({ value, words, required }) =>
      required
        ? html`<li>
            ${tick()}<span><bdi>${words}</bdi></span
            ><input type="checkbox" name="scope" value="${value}" checked hidden />
          </li>`
        : html`<li>
            <label
              ><input type="checkbox" name="scope" value="${value}" checked /><span><bdi>${words}</bdi></span></label
            >
          </li>`,
    )}
  </ul>`
}

/** Something to know before one goes on; nothing went wrong. */
export function hint(message: string | Html): Html {
  return html`<div class="notice hint">${warning()}<span>${message}</span></div>`
}

/** Short facts under a page: names and values. */
export function facts(entries: readonly (readonly [name: string, value: string | undefined])[]): Html {
  const known = entries.filter(([, value]) => value !== undefined && value !== '')
  if (known.length === 0) return html``
  return html`<dl class="facts">
    ${known.map(
      ([name, value]) =>
        html`<dt>${name}</dt>
          <dd>${value}</dd>`,
    )}
  </dl>`
}

/** The URL when it is one that a link on our page may lead to (http or https), else undefined: never `javascript:`. */
export function webUrl(value: unknown): string | undefined {
  if (typeof value !== 'string' || !URL.canParse(value)) return undefined
  const url = new URL(value)
  return url.protocol === 'https:' || url.protocol === 'http:' ? url.href : undefined
}
