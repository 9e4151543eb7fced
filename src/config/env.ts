/** Reads the process environment and `.env`. No other file reads `process.env`. */
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { parseEnv } from 'node:util'

/** Variables as they were set, unchecked. */
export type Environment = Readonly<Record<string, string | undefined>>

/** Returns the variables of the process and of `.env` in `directory`, if that exists. The process wins. */
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
