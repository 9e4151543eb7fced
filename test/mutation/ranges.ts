/** Finds where a function begins and ends in formatted source: it ends at the next brace with the same indentation. */

/** Returns the lines of a function, counted from 1, as a range for Stryker. Throws if there is no such function. */
export function rangeOf(source: string, name: string): string {
  const lines = source.split('\n')
  const begins = new RegExp(`^( *)(?:export )?(?:async )?function ${name}\\(`)
  const first = lines.findIndex((line) => begins.test(line))
  const indent = begins.exec(lines[first] ?? '')?.[1]
  if (indent === undefined) throw new Error(`there is no function ${name}`)
  const last = lines.findIndex((line, at) => at > first && line.startsWith(`${indent}}`) && !line.endsWith('{'))
  if (last === -1) throw new Error(`the function ${name} does not end`)
  return `${first + 1}-${last + 1}`
}
