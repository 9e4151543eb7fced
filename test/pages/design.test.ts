/** The look: enough contrast in both themes, one small stylesheet, and no rule that the policy would block. */
import { createHash } from 'node:crypto'
import { describe, expect, test } from 'vitest'
import { STEP_STYLE, WORK_STYLE, type Style } from '#pages/design/stylesheet.ts'
import { accentColours, contrast } from '#pages/design/contrast.ts'
import { COLOURS } from '#pages/design/tokens.ts'

type Colour = keyof typeof COLOURS

/** WCAG 2.2 §1.4.3: text 4.5 : 1; §1.4.11: edges of controls and focus 3 : 1. */
const PAIRS: readonly (readonly [front: Colour, back: Colour, ratio: number])[] = [
  ['ink', 'paper', 4.5],
  ['ink', 'sheet', 4.5],
  ['ink', 'wash', 4.5],
  ['soft', 'paper', 4.5],
  ['soft', 'sheet', 4.5],
  ['accent', 'paper', 4.5],
  ['accent', 'sheet', 4.5],
  ['accent-strong', 'sheet', 4.5],
  ['on-accent', 'accent', 4.5],
  ['on-accent', 'accent-strong', 4.5],
  ['red', 'sheet', 4.5],
  ['red', 'red-wash', 4.5],
  ['edge', 'sheet', 3],
]

describe.each(['light', 'dark'] as const)('in the %s theme', (theme) => {
  test.each(PAIRS)('%s on %s has a contrast of at least %d : 1', (front, back, ratio) => {
    const index = theme === 'light' ? 0 : 1
    expect(contrast(COLOURS[front][index], COLOURS[back][index])).toBeGreaterThanOrEqual(ratio)
  })
})

const SHEETS: readonly (readonly [pages: string, style: Style, bytes: number])[] = [
  ['one step', STEP_STYLE, 7000],
  ['work', WORK_STYLE, 13_000],
]

describe.each(SHEETS)('the stylesheet of pages of %s', (_pages, style, bytes) => {
  const css = /^<style>([^]*)<\/style>$/.exec(style.element as string)?.[1] ?? ''

  test('is the one that the policy names by its digest', () => {
    expect(style.source).toBe(`'sha256-${createHash('sha256').update(css).digest('base64')}'`)
  })

  test('loads nothing and is small', () => {
    expect(css).not.toMatch(/url\(|@import|@font-face/)
    expect(css.length).toBeGreaterThan(1000)
    expect(css.length).toBeLessThan(bytes)
  })

  test('uses no colour that is not in the table', () => {
    const used = new Set([...css.matchAll(/var\(--([a-z-]+)\)/g)].map(([, name]) => name as string))
    const known = new Set([...css.matchAll(/--([a-z-]+):/g)].map(([, name]) => name as string))
    expect([...used].filter((name) => !known.has(name))).toEqual([])
    expect(Object.keys(COLOURS).filter((name) => !used.has(name))).toEqual([])
  })
})

describe('an accent that an administrator sets', () => {
  const ACCENTS = ['#ffff00', '#ffffff', '#000000', '#c0ffee', '#0a7d3c', '#e11d48', '#808080', '#3a3a8f']

  test.each(ACCENTS)('%s is made legible in both themes, and so is what is written on it', (given) => {
    const { accent, 'accent-strong': strong, 'on-accent': on } = accentColours(given)
    for (const theme of [0, 1] as const) {
      for (const back of [COLOURS.paper[theme], COLOURS.sheet[theme], on[theme]]) {
        expect(contrast(accent[theme], back)).toBeGreaterThanOrEqual(4.5)
        expect(contrast(strong[theme], back)).toBeGreaterThanOrEqual(4.5)
      }
    }
  })

  test('that can be read already is taken as it is', () => {
    expect(accentColours('#3a3a8f').accent[0]).toBe('#3a3a8f')
  })

  test('contrast is measured as WCAG has it', () => {
    expect(contrast('#000000', '#ffffff')).toBe(21)
    expect(contrast('#777777', '#ffffff')).toBeCloseTo(4.48, 2)
  })
})
