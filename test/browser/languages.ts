/** The languages that pages are looked at in: those there are, and one made for the tests that marks every text. */
import type { Page } from 'playwright-core'
import { TRIES_ALL } from '../support/sample.ts'

/** For the environment of a server: it speaks the language of test/support/languages as well. */
export const SPEAKS_MARKED = {
  NODE_OPTIONS: `--import ${new URL('../support/languages/load.ts', import.meta.url).href}`,
}

/** Each text in ⟦…⟧ and 40 % longer than in English. */
export const MARKED = 'eo'
export const LANGUAGES = ['en', 'ko', MARKED] as const
type Language = (typeof LANGUAGES)[number]

/**
 * The named pages to look at in a language: each page in one of the languages, by turns. `npm run test:soak` and
 * `npm run screenshots` look at each in all of them.
 */
export function pagesIn<Way>(language: Language, pages: Readonly<Record<string, Way>>): [string, Way][] {
  const all = Object.entries(pages)
  if (TRIES_ALL || process.env['SIGNET_TEST_SCREENSHOTS'] !== undefined) return all
  return all.filter((_page, index) => LANGUAGES[index % LANGUAGES.length] === language)
}

/** The server's name, what languages call themselves, and what was registered: data of every page. */
const DATA = [
  /^[:· ]*Signet$/,
  /^(English|한국어|Pseŭdo)$/,
  /^(Read your posts|Write, change and delete posts)$/,
  /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/,
]

/**
 * What a page in the marked language says to people outside of ⟦…⟧: visible text, and the names of what has none. Only
 * data may stand there, which `data` knows besides.
 */
export async function outsideCatalogue(page: Page, data: readonly RegExp[] = []): Promise<string[]> {
  const found: string[] = await page.evaluate(OUTSIDE)
  return found.filter((text) => ![...DATA, ...data].some((known) => known.test(text)))
}

const OUTSIDE = `(() => {
  const found = []
  let depth = 0
  const outside = (text) => {
    let rest = ''
    for (const letter of text) {
      if (letter === '⟦') depth += 1
      else if (letter === '⟧') depth -= 1
      else if (depth === 0) rest += letter
    }
    if (/[\\p{L}\\p{N}]/u.test(rest)) found.push(rest.trim().replaceAll(/\\s+/g, ' '))
  }
  const texts = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT)
  while (texts.nextNode()) {
    const { parentElement, textContent } = texts.currentNode
    if (!/^(SCRIPT|STYLE|TEMPLATE)$/.test(parentElement.tagName)) outside(textContent)
  }
  outside(document.title)
  for (const element of document.body.querySelectorAll('*'))
    for (const name of ['aria-label', 'alt', 'placeholder', 'title']) outside(element.getAttribute(name) ?? '')
  return found
})()`
