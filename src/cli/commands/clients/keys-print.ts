/** Prints the keys of a client as a table. */
import type { Document } from '../../admin-client.ts'
import type { CliContext } from '../../context.ts'
import { clockTime, printTable } from '../../output.ts'

const DAY_MS = 86_400_000

export function printKeys(context: CliContext, keys: readonly Document[]): void {
  printTable(
    context,
    [
      { title: 'KID' },
      { title: 'ALG' },
      { title: 'FIRST SEEN (UTC)' },
      { title: 'LAST USED' },
      { title: 'STATUS', style: (cell) => ({ active: 'green', revoked: 'yellow' } as const)[cell] },
    ],
    keys.map((key) => [
      key.kid ?? key.thumbprint,
      key.alg ?? key.kind,
      clockTime(key.first_seen_at),
      lastUse(key.last_used_at, new Date()),
      key.status,
    ]),
  )
}

/** Returns `never used`, the time of a use within the last day, or how many days the key has been unused. */
function lastUse(usedAt: unknown, now: Date): string {
  if (typeof usedAt !== 'string') return 'never used'
  const days = Math.floor((now.getTime() - Date.parse(usedAt)) / DAY_MS)
  if (days < 1) return clockTime(usedAt)
  return `unused for ${days} ${days === 1 ? 'day' : 'days'}`
}
