/** The one place that reads the process environment: its variables over those of `.env`. */
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { parseEnv } from 'node:util'

/** Variables as they stand: unset or text. */
export type Environment = Readonly<Record<string, string | undefined>>

/** The variables of `.env` in `directory`, if it is there, under those of the process: the environment wins. */
export function readEnvironment(directory = process.cwd()): Environment {
  return { ...readDotEnv(directory), ...process.env }
}

function readDotEnv(directory: string): Environment {
  try {
    return parseEnv(readFileSync(join(directory, '.env'), 'utf8'))
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return {}
    throw error
  }
}
