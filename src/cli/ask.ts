/** Asks a person at a terminal for what a command needs. */
import { createInterface } from 'node:readline/promises'
import { Writable } from 'node:stream'
import type { CliContext } from './context.ts'
import { CliFailure } from './failure.ts'

export interface Question {
  readonly text: string
  /** Whether what is typed stays invisible. */
  readonly isSecret?: boolean
}

export function hasTerminal({ stdin, stderr }: Pick<CliContext, 'stdin' | 'stderr'>): boolean {
  return stdin.isTTY && stderr.isTTY
}

/**
 * Returns the answers to the questions, which are asked one after another, without blanks around them. Throws CliFailure
 * `cancelled` when Ctrl-C or Ctrl-D ends the input.
 */
export async function askEach({ stdin, stderr }: CliContext, questions: readonly Question[]): Promise<string[]> {
  let isHidden = false
  const output = new Writable({
    write(chunk, _encoding, done) {
      if (!isHidden) stderr.write(chunk as Buffer)
      done()
    },
  })
  // without the width, editing an answer on a second line would repeat the question
  const columns = stderr.columns ?? Infinity
  const terminal = createInterface({ input: stdin, output: Object.assign(output, { columns }), terminal: true })
  // keeps lines that come before they are asked for, as when several are pasted
  const lines = terminal[Symbol.asyncIterator]()
  try {
    const answers: string[] = []
    for (const { text, isSecret = false } of questions) {
      isHidden = isSecret
      if (isHidden) stderr.write(text)
      terminal.setPrompt(text)
      terminal.prompt()
      const { value, done } = await lines.next()
      if (isHidden) stderr.write('\n')
      isHidden = false
      if (done) throw new CliFailure('Nothing was changed.', { code: 'cancelled' })
      answers.push(value.trim())
    }
    return answers
  } finally {
    terminal.close()
  }
}
