/** Parses a Dockerfile into stages of instructions; supports the grammar that ours uses. */

export interface Instruction {
  readonly name: string
  /** The arguments, with continued lines joined. */
  readonly rest: string
}

export interface Stage {
  readonly name: string
  readonly from: string
  readonly instructions: readonly Instruction[]
}

export function parseDockerfile(text: string): Stage[] {
  const lines = text
    .split('\n')
    .filter((line) => !line.startsWith('#'))
    .join('\n')
    .replaceAll(/\\\n\s*/g, ' ')
    .split('\n')
    .filter((line) => line.trim() !== '')
  const stages: { name: string; from: string; instructions: Instruction[] }[] = []
  for (const line of lines) {
    const [, name = '', rest = ''] = line.match(/^([A-Z]+)\s+(.*)$/) ?? []
    const stage = name === 'FROM' ? rest.match(/^(\S+) AS (\S+)$/) : undefined
    if (stage) stages.push({ from: stage[1] ?? '', name: stage[2] ?? '', instructions: [] })
    else stages.at(-1)?.instructions.push({ name, rest })
  }
  return stages
}

/** Returns the sources of `COPY` instructions: files of the context, or of the stage in `--from`. */
export function copies(
  stage: Stage,
): { readonly from: string | undefined; readonly sources: string[]; readonly to: string }[] {
  return stage.instructions
    .filter(({ name }) => name === 'COPY')
    .map(({ rest }) => {
      const words = rest.split(/\s+/)
      const from = words.find((word) => word.startsWith('--from='))?.slice('--from='.length)
      const paths = words.filter((word) => !word.startsWith('--'))
      return { from, sources: paths.slice(0, -1), to: paths.at(-1) ?? '' }
    })
}

/** Returns the `ENV NAME=value` of a stage. */
export function environmentOf(stage: Stage): Record<string, string> {
  const pairs = stage.instructions
    .filter(({ name }) => name === 'ENV')
    .map(({ rest }): [string, string] => [rest.slice(0, rest.indexOf('=')), rest.slice(rest.indexOf('=') + 1)])
  return Object.fromEntries(pairs)
}

/** Returns the arguments of `ENTRYPOINT`, `CMD` or a health check in JSON form. */
export function wordsOf(stage: Stage, name: 'ENTRYPOINT' | 'CMD' | 'HEALTHCHECK'): string[] {
  const rest = stage.instructions.findLast((instruction) => instruction.name === name)?.rest ?? ''
  const json = rest.slice(Math.max(0, rest.indexOf('[')))
  return JSON.parse(json === '' ? '[]' : json) as string[]
}
