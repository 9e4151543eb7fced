/** The error for an invalid configuration. Lists every fault with its variable, the problem and an example. */
import { AppError } from '#shared/app-error.ts'

export interface ConfigFault {
  readonly variable: string
  /** What is wrong, as a clause without a full stop. Never the value of a secret. */
  readonly problem: string
  /** A valid line, or what to do. */
  readonly example: string
}

/** The configuration is invalid. The start ends with exit code 78. */
export class ConfigError extends AppError {
  override readonly code = 'invalid_configuration'
  override readonly status = 500
  readonly list: readonly ConfigFault[]

  constructor(list: readonly ConfigFault[]) {
    const lines = list.map(({ variable, problem, example }) => `  ${variable}: ${problem}. For example: ${example}`)
    const count = list.length === 1 ? 'one setting' : `${list.length} settings`
    super(`Signet cannot start: ${count} must be mended.\n${lines.join('\n')}`)
    this.list = list
  }
}
