/** Names the browser and system in a `User-Agent`, so that people recognize their devices. */

export interface Device {
  readonly browser?: string
  readonly system?: string
}

type Names = readonly (readonly [pattern: RegExp, name: string])[]

/** The order matters: most browsers also name those that they imitate. */
const BROWSERS: Names = [
  [/\bEdgi?A?(?:OS)?\//, 'Edge'],
  [/\bOPR\//, 'Opera'],
  [/\bSamsungBrowser\//, 'Samsung Internet'],
  [/\bWhale\//, 'Whale'],
  [/\b(?:Firefox|FxiOS)\//, 'Firefox'],
  [/\b(?:Chrome|CriOS|Chromium|HeadlessChrome)\//, 'Chrome'],
  [/\bVersion\/.*\bSafari\//, 'Safari'],
  [/^curl\//, 'curl'],
]

const SYSTEMS: Names = [
  [/\biPhone\b/, 'iPhone'],
  [/\biPad\b/, 'iPad'],
  [/\bAndroid\b/, 'Android'],
  [/\bCrOS\b/, 'ChromeOS'],
  [/\bWindows\b/, 'Windows'],
  [/\b(?:Macintosh|Mac OS X)\b/, 'macOS'],
  [/\bLinux\b/, 'Linux'],
]

/** Returns only our own names, never text of the caller; empty when nothing is known. */
export function deviceOf(userAgent: string): Device {
  const browser = nameIn(BROWSERS, userAgent)
  const system = nameIn(SYSTEMS, userAgent)
  return { ...(browser === undefined ? {} : { browser }), ...(system === undefined ? {} : { system }) }
}

function nameIn(names: Names, userAgent: string): string | undefined {
  return names.find(([pattern]) => pattern.test(userAgent.slice(0, 500)))?.[1]
}

/** Returns the name of a device, which is the same in every language, or undefined when nothing is known. */
export function nameOfDevice({ browser, system }: Device): string | undefined {
  const known = [browser, system].filter((name) => name !== undefined)
  return known.length === 0 ? undefined : known.join(' · ')
}
