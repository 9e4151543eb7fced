/** The HTML components of work pages: sections, lists, tables and notices. */
import { html, type Html } from './html.ts'

/** The only section of a page, without a heading of its own. */
export function sheet(content: Html): Html {
  return html`<section>${content}</section>`
}

/** A section with a heading, whose id is `<id>-heading`. */
export function section(given: { id: string; heading: string; lead?: string | Html; content?: Html }): Html {
  const { id, heading, lead, content } = given
  return html`<section id="${id}" aria-labelledby="${id}-heading">
    <div class="lines">
      <h2 id="${id}-heading">${heading}</h2>
      ${lead === undefined ? '' : html`<p class="soft">${lead}</p>`}
    </div>
    ${content ?? ''}
  </section>`
}

export interface Row {
  readonly name: string | Html
  /** The link of the name. */
  readonly href?: string
  /** Further details. */
  readonly facts?: readonly (string | Html)[]
  /** Shown after the name, or below it on narrow screens. */
  readonly state?: string | Html
  /** The actions: links or forms. */
  readonly acts?: Html
}

/** A list of items: the first column has the name, the last the state. */
export function rows(items: readonly Row[]): Html {
  return html`<ul class="rows" role="list">
    ${items.map(
      ({ name, href, facts = [], state, acts }) =>
        html`<li>
          <div class="row">
            <div>
              ${href === undefined ? html`<strong>${name}</strong>` : html`<a href="${href}">${name}</a>`}
              ${facts.map((fact) => html`<p class="small">${fact}</p>`)}
            </div>
            ${state === undefined ? '' : html`<span class="state">${state}</span>`}
          </div>
          ${acts ?? ''}
        </li>`,
    )}
  </ul>`
}

/** A table, which becomes a list of blocks on narrow screens: its first column must make sense without the headings. */
export function table(given: {
  readonly caption: string
  readonly columns: readonly string[]
  readonly rows: readonly (readonly (string | Html)[])[]
}): Html {
  const { caption, columns, rows: lines } = given
  return html`<table>
    <caption class="unseen">
      ${caption}
    </caption>
    <thead>
      <tr>
        ${columns.map((name) => html`<th scope="col">${name}</th>`)}
      </tr>
    </thead>
    <tbody>
      ${lines.map(
        (cells) =>
          html`<tr>
            ${cells.map((cell) => html`<td>${cell}</td>`)}
          </tr>`,
      )}
    </tbody>
  </table>`
}

/** Asks for confirmation before something is deleted: the explanation and the form, behind a summary that names it. */
export function ask(summary: string | Html, content: Html, isOpen = false): Html {
  return html`<details class="ask" ${isOpen ? 'open' : ''}>
    <summary>${summary}</summary>
    <div class="stack">${content}</div>
  </details>`
}

/** A success message, which a screen reader announces at once, with an optional next step. */
export function done(message: string | Html, next?: Html): Html {
  return html`<div class="notice done" role="status">
    <svg
      width="16"
      height="16"
      viewBox="0 0 16 16"
      fill="none"
      stroke="currentColor"
      stroke-width="2"
      aria-hidden="true"
    >
      <path d="m3 8.5 3.2 3.2L13 5" />
    </svg>
    <div class="lines">
      <p>${message}</p>
      ${next ?? ''}
    </div>
  </div>`
}

/** The errors of a form at the top of the page, with links to the fields. */
export function errorSummary(given: {
  readonly heading: string
  readonly errors: readonly { readonly field: string; readonly message: string }[]
}): Html {
  return html`<div class="notice" role="alert" aria-labelledby="error-summary">
    <div class="lines">
      <h2 id="error-summary">${given.heading}</h2>
      <ul role="list">
        ${given.errors.map(({ field, message }) => html`<li><a href="#${field}">${message}</a></li>`)}
      </ul>
    </div>
  </div>`
}

/** A checkbox with its label. */
export function tickBox(given: { name: string; value: string; label: string; checked?: boolean }): Html {
  const { name, value, label, checked = false } = given
  return html`<label class="tick-box"
    ><input type="checkbox" name="${name}" value="${value}" ${checked ? 'checked' : ''} /><span>${label}</span></label
  >`
}

/** A select with its label. */
export function choice(given: {
  readonly name: string
  readonly label: string
  readonly help?: string
  readonly value: string
  readonly options: readonly { readonly value: string; readonly label: string }[]
}): Html {
  const { name, label, help, value, options } = given
  return html`<div class="field">
    <label for="${name}">${label}</label> ${
      help === undefined ? '' : html`<p class="small" id="${name}-help">${help}</p>`
    }<select id="${name}" name="${name}" ${help === undefined ? '' : html`aria-describedby="${name}-help"`}>
      ${options.map(
        (option) =>
          html`<option value="${option.value}" ${option.value === value ? 'selected' : ''}>${option.label}</option>`,
      )}
    </select>
  </div>`
}

/** A time, readable for people and for machines. */
export function time(at: Date, words: string): Html {
  return html`<time datetime="${at.toISOString()}">${words}</time>`
}
