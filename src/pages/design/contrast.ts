/** Computes contrast as WCAG 2.2 defines it, and makes a brand's accent colour legible in both themes. */
import { COLOURS } from './tokens.ts'

const TEXT_RATIO = 4.5
const STEP = 0.04

/** Returns the contrast ratio of two colours, given as `#rrggbb` (WCAG 2.2, "contrast ratio"). */
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

function mix(colour: string, other: string, share: number): string {
  const target = channels(other)
  const parts = channels(colour).map((value, at) => Math.round(value + ((target[at] ?? 0) - value) * share))
  return `#${parts.map((value) => value.toString(16).padStart(2, '0')).join('')}`
}

type Pair = readonly [light: string, dark: string]

/**
 * Returns the colours derived from an accent (`#rrggbb`) for each theme: darkened or lightened until it is legible on
 * page and sheet, with the colour of text on it.
 */
export function accentColours(accent: string): Readonly<Record<'accent' | 'accent-strong' | 'on-accent', Pair>> {
  const [light, dark] = [0, 1].map((theme) => accentForTheme(accent, theme as 0 | 1)) as [ThemeAccent, ThemeAccent]
  return {
    accent: [light.accent, dark.accent],
    'accent-strong': [light.strong, dark.strong],
    'on-accent': [COLOURS.sheet[0], COLOURS.sheet[1]],
  }
}

interface ThemeAccent {
  readonly accent: string
  readonly strong: string
}

function accentForTheme(given: string, theme: 0 | 1): ThemeAccent {
  const ink = theme === 0 ? '#000000' : '#ffffff'
  const isLegible = (colour: string) =>
    [COLOURS.paper[theme], COLOURS.sheet[theme]].every((back) => contrast(colour, back) >= TEXT_RATIO)
  let share = 0
  while (share < 1 && !isLegible(mix(given, ink, share))) share += STEP
  const accent = mix(given, ink, Math.min(share, 1))
  return { accent, strong: mix(accent, ink, 0.25) }
}
