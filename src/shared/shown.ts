/** How a refused value is told back: short, and without what would break a log or a terminal. */
const MAX_LENGTH = 200

/** The value itself when it is short, otherwise its beginning; null for an absent one. Never for secrets. */
export function shown(value: unknown): unknown {
  if (value === undefined) return null
  if (typeof value === 'string') return cut(value)
  if (value === null || typeof value === 'number' || typeof value === 'boolean') return value
  const text = JSON.stringify(value) ?? typeof value
  return text.length > MAX_LENGTH ? cut(text) : value
}

function cut(text: string): string {
  const short = text.length > MAX_LENGTH ? `${text.slice(0, MAX_LENGTH)}…` : text
  return short.toWellFormed()
}
