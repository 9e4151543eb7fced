/** The colours of both themes, in one table for the stylesheet and the contrast tests. */

/** Each colour with its value in the light theme and in the dark theme. */
export const COLOURS = {
  /** Background of the page, and of the sheet on it. */
  paper: ['#f5f3ee', '#151412'],
  sheet: ['#fdfcfa', '#1d1c19'],
  /** Primary and secondary text. */
  ink: ['#23201b', '#ece8df'],
  soft: ['#635c50', '#aca598'],
  /** Separators, and borders of controls (3 : 1 against the sheet). */
  line: ['#e4dfd5', '#33302a'],
  edge: ['#8a8272', '#7f7869'],
  /** Background of a control under the pointer. */
  wash: ['#f1eee7', '#282621'],
  /** The primary action, and focus. */
  accent: ['#3a3a8f', '#b3b5f8'],
  'accent-strong': ['#2b2b70', '#cfd0fc'],
  'on-accent': ['#fdfcfa', '#16153a'],
  /** Errors. */
  red: ['#a1261d', '#f29d94'],
  'red-wash': ['#fbefec', '#331f1c'],
} as const satisfies Record<string, readonly [light: string, dark: string]>

/** Returns the CSS custom properties: light values for browsers without `light-dark()`, both themes for all others. */
export function colourProperties(colours: Readonly<Record<string, readonly [string, string]>> = COLOURS): string {
  const light = Object.entries(colours).map(([name, [value]]) => `--${name}:${value}`)
  const both = Object.entries(colours).map(([name, values]) => `--${name}:light-dark(${values.join(',')})`)
  return (
    `:root{color-scheme:light;${light.join(';')}}` +
    `@supports (color:light-dark(#000,#fff)){:root{color-scheme:light dark;${both.join(';')}}}`
  )
}
