/** Finds where a function begins and ends in formatted source, by its indentation. */

/** Returns the lines of a function, counted from 1, as a range for Stryker. Throws if there is no such function. */
export function rangeOf(source: string, name: string): string {
  const lines = source.split('\n')
  const begins = new RegExp(`^( *)(?:export )?(?:(?:async )?function ${name}[(<]|const ${name} = )`)
  const first = lines.findIndex((line) => begins.test(line))
  const indent = begins.exec(lines[first] ?? '')?.[1]
  if (indent === undefined) throw new Error(`there is no function ${name}`)
  const last = lines[first]?.includes('function ')
    ? closingBrace(lines, first, indent)
    : lastDeeper(lines, first, indent)
  return `${first + 1}-${last + 1}`
}

/** A function ends at the next brace with the same indentation. */
function closingBrace(lines: readonly string[], first: number, indent: string): number {
  const last = lines.findIndex((line, at) => at > first && line.startsWith(`${indent}}`) && !line.endsWith('{'))
  if (last === -1) throw new Error('a function does not end')
  return last
}

/** A constant ends before the next line that is no deeper than its first. */
function lastDeeper(lines: readonly string[], first: number, indent: string): number {
  const after = lines.findIndex((line, at) => at > first && !line.startsWith(`${indent} `) && !/^ *[)}\]]/.test(line))
  return (after === -1 ? lines.length : after) - 1
}
