/** For how long an answer may be cached (RFC 9111 §4.2). */

/** Returns the seconds that an answer stays fresh in a shared cache; 0 when it says nothing or forbids it. */
export function freshFor(headers: Headers, now: Date): number {
  const directives = (headers.get('cache-control') ?? '').toLowerCase().split(',')
  const valueOf = (name: string) =>
    directives.map((text) => new RegExp(`^\\s*${name}\\s*=\\s*"?(\\d{1,10})"?\\s*$`).exec(text)?.[1]).find(Boolean)
  if (directives.some((text) => /^\s*(?:no-store|no-cache|private)\b/.test(text))) return 0
  // RFC 9111 §5.2.2.10: for a shared cache, s-maxage overrides max-age
  const asked = valueOf('s-maxage') ?? valueOf('max-age')
  const age = /^\d{1,10}$/.exec(headers.get('age') ?? '')?.[0] ?? '0'
  if (asked !== undefined) return Math.max(0, Number(asked) - Number(age))
  const expires = Date.parse(headers.get('expires') ?? '')
  return Number.isNaN(expires) ? 0 : Math.max(0, (expires - now.getTime()) / 1000)
}
