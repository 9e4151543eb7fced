/** Reads a secret from standard input, so that it appears in no process list or shell history. */
import type { CliContext } from './context.ts'
import { usageFailure } from './failure.ts'

/**
 * Returns standard input as text, without one trailing line break. Throws a usage failure when it is empty or not
 * UTF-8.
 */
export async function readSecret({ stdin, stderr }: CliContext, name: string): Promise<string> {
  if (stdin.isTTY) stderr.write(`Type the ${name}, then Enter and Ctrl-D:\n`)
  const chunks: Buffer[] = []
  for await (const chunk of stdin) chunks.push(Buffer.from(chunk as Uint8Array | string))
  const bytes = Buffer.concat(chunks)
  let text: string
  try {
    text = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(bytes)
  } catch {
    throw usageFailure(`The ${name} on standard input is not UTF-8 text.`)
  }
  const secret = text.replace(/\r?\n$/, '')
  if (secret === '') throw usageFailure(`The ${name} is expected on standard input, which was empty.`)
  return secret
}
