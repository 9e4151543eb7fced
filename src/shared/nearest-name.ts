/** Finds the known name closest to a mistyped one. */

/** From this length on, a name may be completed from its beginning. */
const MIN_PREFIX = 5

/**
 * Returns the known name with the fewest edits from `given`, otherwise one that starts with it, or undefined when none
 * is close enough.
 */
export function nearestName(given: string, known: Iterable<string>): string | undefined {
  const name = given.slice(0, 100).toLowerCase()
  const names = [...known]
  let best: string | undefined
  let fewest = Math.max(2, Math.floor(name.length / 3)) + 1
  for (const candidate of names) {
    const edits = editDistance(name, candidate.toLowerCase())
    if (edits < fewest) {
      fewest = edits
      best = candidate
    }
  }
  if (best !== undefined || name.length < MIN_PREFIX) return best
  return names.find((candidate) => candidate.toLowerCase().startsWith(name))
}

/** Returns the Levenshtein distance: the number of characters to add, remove or replace. */
export function editDistance(a: string, b: string): number {
  let row = Array.from({ length: b.length + 1 }, (_, at) => at)
  for (let i = 1; i <= a.length; i++) {
    const next = [i]
    for (let j = 1; j <= b.length; j++) {
      const substitution = (row[j - 1] ?? 0) + (a[i - 1] === b[j - 1] ? 0 : 1)
      next.push(Math.min(substitution, (row[j] ?? 0) + 1, (next[j - 1] ?? 0) + 1))
    }
    row = next
  }
  return row[b.length] ?? 0
}
