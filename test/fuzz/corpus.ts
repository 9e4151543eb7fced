/** Requests that a server once answered wrongly, kept as files and sent again by the tests. */
import { createHash } from 'node:crypto'
import { mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import type { Pair, Wire } from './draft.ts'

const FOLDER = join(import.meta.dirname, 'corpus')

export interface Kept extends Wire {
  /** What was wrong with the answer. */
  readonly fault: string
  /** The seed of the run and the number of the request in it. */
  readonly found: string
}

/** Writes a request down, with `{{names}}` in place of what another server would have other values for. */
export function keep(kept: Kept, names: ReadonlyMap<string, string>): string {
  const named = eachText(kept, (text) => {
    let result = text
    for (const [name, value] of names) {
      result = result.replaceAll(value, `{{${name}}}`).replaceAll(encodeURIComponent(value), `{{${name}:encoded}}`)
    }
    return result
  })
  const digest = createHash('sha256')
    .update(kept.name + kept.fault)
    .digest('hex')
    .slice(0, 10)
  const file = join(FOLDER, `${digest}.json`)
  mkdirSync(FOLDER, { recursive: true })
  writeFileSync(file, `${JSON.stringify(named, undefined, 2)}\n`)
  return file
}

/** Everything kept, with the values of this server. */
export function readCorpus(): { file: string; kept: Kept }[] {
  return readdirSync(FOLDER)
    .filter((name) => name.endsWith('.json'))
    .map((file) => ({ file, kept: JSON.parse(readFileSync(join(FOLDER, file), 'utf8')) as Kept }))
}

export function withValues(kept: Kept, names: ReadonlyMap<string, string>): Wire {
  return eachText(kept, (text) =>
    text.replaceAll(/\{\{(\w+)(:encoded)?\}\}/g, (whole, name: string, encoded: string | undefined) => {
      const value = names.get(name)
      if (value === undefined) return whole
      return encoded === undefined ? value : encodeURIComponent(value)
    }),
  )
}

function eachText<Of extends Wire>(wire: Of, change: (text: string) => string): Of {
  const headers = wire.headers.map(([name, value]): Pair => [name, change(value)])
  return { ...wire, target: change(wire.target), headers, body: change(wire.body) }
}
