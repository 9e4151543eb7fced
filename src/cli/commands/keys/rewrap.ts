/** `signet keys rewrap`: seals everything under the first master key, so that an older one can be removed. */
import { setTimeout as delay } from 'node:timers/promises'
import type { Command } from 'commander'
import type { AdminClient } from '../../admin-client.ts'
import { connect, type ConnectionOptions, withConnection } from '../../connection.ts'
import type { CliContext } from '../../context.ts'
import { CliFailure } from '../../failure.ts'
import { print, printJson } from '../../output.ts'

interface NeededKey {
  readonly key_id: string
  readonly values: number
  readonly given: boolean
  readonly in_use: boolean
}

interface Answer {
  readonly key_id: string
  readonly rewrapped: number
  readonly remaining: readonly NeededKey[]
}

/** How long a restarted server's old key may still count as in use. */
const IN_USE_TIMEOUT_MS = 20_000
const RETRY_MS = 1000

export function registerRewrap(keys: Command, context: CliContext): void {
  withConnection(keys.command('rewrap').description('seal everything under the first master key of SIGNET_MASTER_KEYS'))
    .addHelpText(
      'after',
      `
Run it when a new master key stands first on every server and the old one behind it. It may be broken off and run again,
and run while the server serves. When it says that no other key is needed, take the old key away.

Examples:
  $ signet keys rewrap
  $ signet keys rewrap --json`,
    )
    .action(async (_: ConnectionOptions, command: Command) => {
      const options = command.optsWithGlobals<ConnectionOptions>()
      const report = options.json ? () => {} : progressTo(context)
      const { total, last } = await rewrapAll(connect(options, context), report)
      const result = { key_id: last.key_id, rewrapped: total, remaining: last.remaining }
      if (options.json) printJson(context, result)
      else print(context, ...describe(result))
      if (last.remaining.length > 0) throw stillNeeded(last)
    })
}

async function rewrapAll(
  client: AdminClient,
  report: (line: string) => void,
): Promise<{ total: number; last: Answer }> {
  const started = performance.now()
  let total = 0
  let before: Answer | undefined
  for (;;) {
    const answer = (await client.change('/keys/rewrap', { method: 'POST' })) as unknown as Answer
    if (before && before.key_id !== answer.key_id) throw differentKeys(before.key_id, answer.key_id)
    total += answer.rewrapped
    const left = answer.remaining.reduce((sum, { values }) => sum + values, 0)
    if (answer.rewrapped > 0) report(`${total} values are sealed anew, ${left} remain`)
    if (answer.remaining.length === 0) return { total, last: answer }
    if (answer.rewrapped === 0) {
      const onlyInUse = left === 0 && performance.now() - started < IN_USE_TIMEOUT_MS
      if (!onlyInUse) return { total, last: answer }
      if (before?.rewrapped !== 0) report('waiting for servers that may still seal under another key')
      await delay(RETRY_MS)
    }
    before = answer
  }
}

function progressTo({ stderr }: CliContext): (line: string) => void {
  return (line) => void stderr.write(`${line}\n`)
}

function differentKeys(one: string, other: string): CliFailure {
  return new CliFailure(
    `The servers have different first master keys, ${one} and ${other}: put the new key first on every server, start them again, then repeat this.`,
    { code: 'master_keys_differ' },
  )
}

function stillNeeded({ remaining }: Answer): CliFailure {
  const [needed] = remaining
  const id = needed?.key_id
  const reason = needed?.in_use
    ? `a server still seals under it: put the new key first there, start it again, then repeat this`
    : needed?.given
      ? 'values under it cannot be opened: they were altered'
      : 'the server does not have it: put it behind the first key, start the server again, then repeat this'
  return new CliFailure(`The master key ${id} is still needed, for ${reason}.`, { code: 'master_key_needed' })
}

function describe({
  key_id: id,
  rewrapped,
  remaining,
}: {
  key_id: string
  rewrapped: number
  remaining: readonly NeededKey[]
}): string[] {
  const done = `Sealed ${rewrapped} ${rewrapped === 1 ? 'value' : 'values'} anew under the master key ${id}.`
  if (remaining.length === 0) return [done, 'No other master key is needed any more.']
  return [done, ...remaining.map(({ key_id: key, values }) => `  ${key} is still needed for ${values} values`)]
}
