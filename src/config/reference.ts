/** The table of variables as the reference page and `.env.example` show it. */
import { VARIABLES } from './variables.ts'
import type { Variable } from './variables.ts'

/** The rows of the reference page, in Markdown. */
export function referenceTable(): string {
  const rows = entries().map(([name, { default: standard, meaning, secret }]) => {
    const file = secret ? ` Also as \`${name}_FILE\`.` : ''
    return `| \`${name}\` | ${standard} | ${meaning}.${file} |`
  })
  return ['| variable | default | meaning |', '|---|---|---|', ...rows, ''].join('\n')
}

/** The text of `.env.example`: every variable commented out, so that a copy changes nothing. */
export function envExample(): string {
  const blocks = entries().map(([name, { default: standard, meaning, example }]) => {
    const value = /[\s#'"]/.test(example) ? JSON.stringify(example) : example
    return `# ${sentence(meaning)}.\n# Default: ${standard}\n# ${name}=${value}\n`
  })
  const head = [
    '# Settings of Signet. Copy this file to .env and take the # off the lines you need; the environment wins over .env.',
    '# Every secret may also be given as <NAME>_FILE, the path of a file that holds it.',
    '',
  ]
  return [...head, ...blocks].join('\n')
}

function entries(): [string, Variable<unknown>][] {
  return Object.entries(VARIABLES)
}

function sentence(text: string): string {
  return text.charAt(0).toUpperCase() + text.slice(1)
}
