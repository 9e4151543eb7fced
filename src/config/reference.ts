/** Generates the reference page and `.env.example` from the table of variables. */
import { VARIABLES } from './variables.ts'
import type { Variable } from './variable.ts'

/** Returns the table of the reference page, in Markdown. */
export function referenceTable(): string {
  const rows = ROWS.map(([name, variable]) => {
    const file = variable.secret ? ` Also as \`${name}_FILE\`.` : ''
    return `| \`${name}\` | ${shownDefault(variable)} | ${variable.meaning}.${file}${unused(variable)} |`
  })
  return ['| variable | default | meaning |', '|---|---|---|', ...rows, ''].join('\n')
}

/** Returns the content of `.env.example`. Every variable is commented out, so that a copy changes nothing. */
export function envExample(): string {
  const blocks = ROWS.map(([name, variable]) => {
    const { meaning, example } = variable
    const value = /[\s#'"]/.test(example) ? JSON.stringify(example) : example
    return `# ${sentence(meaning)}.${unused(variable)}\n# Default: ${shownDefault(variable)}\n# ${name}=${value}\n`
  })
  const head = [
    '# Settings of Signet. Copy this file to .env and take the # off the lines you need; the environment wins over .env.',
    '# Every secret may also be given as <NAME>_FILE, the path of a file that holds it.',
    '',
  ]
  return [...head, ...blocks].join('\n')
}

const ROWS = Object.entries<Variable>(VARIABLES)

function shownDefault({ default: standard }: Variable): string {
  return typeof standard === 'string' ? `\`${standard}\`` : standard.shown
}

function unused({ isUnused }: Variable): string {
  return isUnused ? ' Checked, but not used yet.' : ''
}

function sentence(text: string): string {
  return text.charAt(0).toUpperCase() + text.slice(1)
}
