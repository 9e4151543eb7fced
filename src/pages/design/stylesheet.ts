/**
 * The stylesheet as it is sent: inlined in each page, and named in the page's policy by its digest. A first visit was
 * measured to paint in two thirds of the time that a file of its own takes; a later one takes as long either way.
 */
import { createHash } from 'node:crypto'
import { readFileSync } from 'node:fs'
import { raw, type Html } from './html.ts'
import { accentColours } from './contrast.ts'
import { colourProperties } from './tokens.ts'

/** Drops comments and the blanks that CSS does not need. */
function compact(css: string): string {
  return css
    .replaceAll(/\/\*[^]*?\*\//g, '')
    .replaceAll(/\s+/g, ' ')
    .replaceAll(/ ?([{};,>]) ?/g, '$1')
    .replaceAll(/: /g, ':')
    .replaceAll(';}', '}')
    .trim()
}

/** A stylesheet as an element, and the CSP source that allows it and no other style (CSP Level 3 §2.3.1). */
export interface Style {
  readonly element: Html
  readonly source: string
}

function styleOf(...files: readonly string[]): Style {
  const css = files.map((file) => compact(readFileSync(new URL(file, import.meta.url), 'utf8')))
  return styleFrom(colourProperties() + css.join(''))
}

/** What is in it is ours alone, so nothing is escaped. */
function styleFrom(sheet: string): Style {
  return {
    element: raw(`<style>${sheet}</style>`),
    source: `'sha256-${createHash('sha256').update(sheet).digest('base64')}'`,
  }
}

let accented: { readonly accent: string; readonly style: Style } | undefined

/** What comes after a stylesheet where an administrator set an accent (`#rrggbb`). */
export function accentStyle(accent: string): Style {
  if (accented?.accent !== accent) accented = { accent, style: styleFrom(colourProperties(accentColours(accent))) }
  return accented.style
}

/** Of the pages of one step, which are many a person's first: nothing is in it that they do not use. */
export const STEP_STYLE = styleOf('./signet.css')

/** Of the pages of work: the same, and what their rail, sections and tables need. */
export const WORK_STYLE = styleOf('./signet.css', './work.css')
