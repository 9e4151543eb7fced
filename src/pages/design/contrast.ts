/** Contrast as WCAG 2.2 measures it, and an operator's accent made legible in both themes. */
import { COLOURS } from './tokens.ts'

const TEXT_RATIO = 4.5
const STEP = 0.04

/** The contrast ratio of two colours written as `#rrggbb` (WCAG 2.2, "contrast ratio"). */
export function contrast(one: string, other: string): number {
  const [darker = 0, lighter = 0] = [luminance(one), luminance(other)].toSorted((left, right) => left - right)
  return (lighter + 0.05) / (darker + 0.05)
}

function luminance(colour: string): number {
  const [red = 0, green = 0, blue = 0] = channels(colour)
    .map((value) => value / 255)
    .map((share) => (share <= 0.040_45 ? share / 12.92 : ((share + 0.055) / 1.055) ** 2.4))
  return 0.2126 * red + 0.7152 * green + 0.0722 * blue
}

function channels(colour: string): number[] {
  return [1, 3, 5].map((at) => Number.parseInt(colour.slice(at, at + 2), 16))
}

function mixed(colour: string, other: string, share: number): string {
  const target = channels(other)
  const parts = channels(colour).map((value, at) => Math.round(value + ((target[at] ?? 0) - value) * share))
  return `#${parts.map((value) => value.toString(16).padStart(2, '0')).join('')}`
}

type Pair = readonly [light: string, dark: string]

/**
 * The colours that follow from an accent (`#rrggbb`), for each theme: moved towards the ink until it is legible on
 * the page and the sheet, and what is written on it.
 */
export function accentColours(accent: string): Readonly<Record<'accent' | 'accent-strong' | 'on-accent', Pair>> {
  const [light, dark] = [0, 1].map((theme) => forTheme(accent, theme as 0 | 1)) as [Themed, Themed]
  return {
    accent: [light.accent, dark.accent],
    'accent-strong': [light.strong, dark.strong],
    'on-accent': [COLOURS.sheet[0], COLOURS.sheet[1]],
  }
}

interface Themed {
  readonly accent: string
  readonly strong: string
}

function forTheme(given: string, theme: 0 | 1): Themed {
  const ink = theme === 0 ? '#000000' : '#ffffff'
  const isLegible = (colour: string) =>
    [COLOURS.paper[theme], COLOURS.sheet[theme]].every((back) => contrast(colour, back) >= TEXT_RATIO)
  let share = 0
  while (share < 1 && !isLegible(mixed(given, ink, share))) share += STEP
  const accent = mixed(given, ink, Math.min(share, 1))
  return { accent, strong: mixed(accent, ink, 0.25) }
}
