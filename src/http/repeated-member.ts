/** Finds a repeated member in JSON: JSON.parse keeps the last one, other parsers the first. */

const STRUCTURE = /"(?:[^"\\]|\\.)*"|[{}[\]:,]/g

/** Returns the path of the first repeated member, such as `jwks.keys`, or undefined. `text` is valid JSON. */
export function repeatedMember(text: string): string | undefined {
  const open: { readonly names: Set<string> | undefined; name: string }[] = []
  let before = ''
  for (const [token] of text.matchAll(STRUCTURE)) {
    const inside = open.at(-1)
    if (token === '{' || token === '[') {
      open.push({ names: token === '{' ? new Set() : undefined, name: '' })
    } else if (token === '}' || token === ']') {
      open.pop()
    } else if (token.startsWith('"') && inside?.names && (before === '{' || before === ',')) {
      inside.name = JSON.parse(token) as string
      if (inside.names.has(inside.name)) return pathOf(open.map(({ name }) => name))
      inside.names.add(inside.name)
    }
    before = token
  }
  return undefined
}

function pathOf(names: readonly string[]): string {
  return names.filter((name) => name !== '').join('.')
}
