/** What a `User-Agent` says of a device, in the few words by which its owner knows it again. */

export interface Device {
  readonly browser?: string
  readonly system?: string
}

type Names = readonly (readonly [pattern: RegExp, name: string])[]

/** In this order: most browsers also name those that they want to be taken for. */
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

/** Names of ours alone: nothing that a caller writes is passed on. Empty for what is not known. */
export function deviceOf(userAgent: string): Device {
  const browser = nameIn(BROWSERS, userAgent)
  const system = nameIn(SYSTEMS, userAgent)
  return { ...(browser === undefined ? {} : { browser }), ...(system === undefined ? {} : { system }) }
}

function nameIn(names: Names, userAgent: string): string | undefined {
  return names.find(([pattern]) => pattern.test(userAgent.slice(0, 500)))?.[1]
}

/** The same in every language; undefined where nothing is known. */
export function nameOfDevice({ browser, system }: Device): string | undefined {
  const known = [browser, system].filter((name) => name !== undefined)
  return known.length === 0 ? undefined : known.join(' · ')
}
