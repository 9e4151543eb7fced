/** The HTML components of pages. Callers supply all texts, so the components are language-neutral. */
import { html, type Html } from './html.ts'

/**
 * The path of the logo: a ring of outer radius 13 and inner radius 7 around (16, 17), with a notch 4 wide and 3 deep at
 * the top.
 */
export const MARK = 'M14 4.15V7h4V4.15A13 13 0 1 1 14 4.15ZM16 10a7 7 0 1 0 0 14 7 7 0 0 0 0-14Z'

/** The Signet logo: a signet ring seen from above, with its notch, in the colour of the surrounding text. */
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

/** A name or text of a person or app, isolated so that its writing direction does not affect ours. */
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
  /** `danger` marks an action that cannot be undone. */
  readonly kind?: 'primary' | 'secondary' | 'quiet' | 'danger'
  readonly name?: string
  readonly value?: string
}

/** A submit button; place it inside its form. */
export function button({ label, kind = 'secondary', name, value }: Button): Html {
  const valueAttributes = name === undefined ? '' : html`name="${name}" value="${value ?? ''}"`
  return html`<button type="submit" ${valueAttributes} class="button ${kind}">${label}</button>`
}

/** A link that looks like a button. The caller must check `href` (see `webUrl`). */
export function buttonLink(link: { href: string; label: string | Html; kind?: Button['kind'] }): Html {
  return html`<a class="button ${link.kind ?? 'secondary'}" href="${link.href}">${link.label}</a>`
}

export interface Field {
  readonly name: string
  readonly label: string
  /** Help that people read before they fill it in. */
  readonly help?: string | undefined
  readonly type: 'text' | 'password' | 'email' | 'tel' | 'url'
  /** The autofill name (HTML §4.10.18.7). */
  readonly autocomplete: string
  readonly value?: string
  readonly error?: string | undefined
  /** The id of a notice that covers several fields, including this one. */
  readonly describedBy?: string | undefined
  readonly focus?: boolean
  readonly inputmode?: 'email' | 'numeric'
  /** True for free text: the keyboard may capitalize and correct it. */
  readonly prose?: boolean
  readonly optional?: boolean
}

/** A label, its help and error, and its input. */
export function field(given: Field): Html {
  const { name, label, type, autocomplete, value = '', error, help, focus = false, inputmode } = given
  const errorId = error === undefined ? given.describedBy : `${name}-error`
  const describedByIds = [errorId, help === undefined ? undefined : `${name}-help`].filter((id) => id !== undefined)
  const described = describedByIds.length === 0 ? '' : html` aria-describedby="${describedByIds.join(' ')}"`
  const invalid = html`${errorId === undefined ? '' : html` aria-invalid="true"`}${described}`
  const entry =
    type === 'text' && given.prose !== true ? html` autocapitalize="none" autocorrect="off" spellcheck="false"` : ''
  const keyboard = inputmode === undefined ? '' : html` inputmode="${inputmode}"`
  return html`<div class="field">
    <label for="${name}">${label}</label>
    ${help === undefined ? '' : html`<p class="small" id="${name}-help">${help}</p>`}
    ${error === undefined ? '' : fieldError(`${name}-error`, error)}<input
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

function fieldError(id: string, message: string): Html {
  return html`<p class="wrong" id="${id}">${warning()}<span>${message}</span></p>`
}

/** An error of the whole form, which a screen reader announces at once. */
export function notice(id: string, message: string): Html {
  return html`<div class="notice wrong" id="${id}" role="alert">${warning()}<span>${message}</span></div>`
}

export function hidden(name: string, value: string): Html {
  return html`<input type="hidden" name="${name}" value="${value}" />`
}

/** A form that posts to one of our paths. */
export function form(action: string, content: Html): Html {
  return html`<form class="stack" method="post" action="${action}" novalidate>${content}</form>`
}

/** The requested scopes as ticked boxes, each sent as `scope`. A required scope cannot be unticked. */
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

/** A notice before the next step; not an error. */
export function hint(message: string | Html): Html {
  return html`<div class="notice hint">${warning()}<span>${message}</span></div>`
}

/** A list of names and values under a page; entries without a value are left out. */
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

/** Returns the URL if a link on our pages may lead to it (http or https), otherwise undefined; never `javascript:`. */
export function webUrl(value: unknown): string | undefined {
  if (typeof value !== 'string' || !URL.canParse(value)) return undefined
  const url = new URL(value)
  return url.protocol === 'https:' || url.protocol === 'http:' ? url.href : undefined
}
