/** Prepares a refused value for an error message: short, and safe for logs and terminals. */
const MAX_LENGTH = 200

/**
 * Returns the value itself when it is short, otherwise its beginning, and null when it is absent. Never pass a secret.
 */
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
