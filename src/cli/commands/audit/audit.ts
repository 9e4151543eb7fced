/** `signet audit`: lists audit events, newest first. */
import { type Command, InvalidArgumentError, Option } from 'commander'
import type { Document } from '../../admin-client.ts'
import { connect, type ConnectionOptions, withConnection } from '../../connection.ts'
import type { CliContext } from '../../context.ts'
import { clockTime, collectAll, print, printJsonList, printTable, stateStyle } from '../../output.ts'

interface Options extends ConnectionOptions {
  readonly limit?: number
  readonly type?: string
  readonly actor?: string
  readonly subject?: string
  readonly client?: string
  readonly account?: string
  readonly outcome?: string
  readonly since?: string
  readonly until?: string
}

const DEFAULT_LIMIT = 50

export function register(program: Command, context: CliContext): void {
  const audit = program.command('audit').description('the audit log')
  withConnection(audit.command('list').description('list events, newest first'))
    .option('--limit <number>', `how many (default: ${DEFAULT_LIMIT}, with --json all)`, wholeNumber)
    .option('--type <type>', 'only events of this type, such as token.refused')
    .option('--actor <id>', 'only what this subject or client did')
    .option('--subject <id>', 'only what was done to this object')
    .option('--client <id>', 'only events of this client')
    .option('--account <sub>', 'only events of this account')
    .addOption(new Option('--outcome <outcome>', 'only these').choices(['success', 'failure']))
    .option(
      '--since <time>',
      'from this time on (UTC, unless it names a zone), such as 2026-11-24 or 2026-11-24T08:00',
      time,
    )
    .option('--until <time>', 'before this time, in the same form', time)
    .addHelpText(
      'after',
      `
Examples:
  $ signet audit list
  $ signet audit list --outcome failure --limit 200
  $ signet audit list --type client.created --since 2026-11-01 --json`,
    )
    .action(async (_: Options, command: Command) => {
      const options = command.optsWithGlobals<Options>()
      const events = connect(options, context).list('/audit', filters(options))
      if (options.json) return printJsonList(context, take(events, options.limit ?? Infinity))
      printEvents(context, await collectAll(take(events, options.limit ?? DEFAULT_LIMIT)))
    })
}

function filters(options: Options): Record<string, string | undefined> {
  const { type, actor, subject, client, account, outcome, since, until } = options
  return { type, actor, subject, client_id: client, account_id: account, outcome, since, until }
}

async function* take(items: AsyncIterable<Document>, limit: number): AsyncGenerator<Document> {
  if (limit <= 0) return
  let left = limit
  for await (const item of items) {
    yield item
    left -= 1
    if (left <= 0) return
  }
}

function printEvents(context: CliContext, events: readonly Document[]): void {
  if (events.length === 0) return print(context, 'No events: nothing that fits was recorded.')
  printTable(
    context,
    [
      { title: 'AT (UTC)' },
      { title: 'TYPE' },
      { title: 'ACTOR' },
      { title: 'SUBJECT' },
      { title: 'REASON' },
      { title: 'OUTCOME', style: stateStyle },
    ],
    events.map((event) => [
      clockTime(event.at),
      event.type,
      kindAndId(event.actor),
      kindAndId(event.subject) || (typeof event.client_id === 'string' ? `client ${event.client_id}` : ''),
      event.reason,
      event.outcome,
    ]),
  )
}

function kindAndId(object: unknown): string {
  if (typeof object !== 'object' || object === null) return ''
  const { kind, id } = object as { kind: string; id: string | null }
  return id ? `${kind} ${id}` : kind
}

function wholeNumber(text: string): number {
  if (/^[1-9][0-9]{0,8}$/.test(text)) return Number(text)
  throw new InvalidArgumentError('A whole number from 1 on is expected.')
}

/** Times without a zone are UTC, as `audit list` prints them. */
const TIME = /^(\d{4}-\d\d-\d\d)(?:[T ](\d\d:\d\d(?::\d\d(?:\.\d{1,9})?)?)(Z|[+-]\d\d:\d\d)?)?$/i

function time(text: string): string {
  const [, day, clock = '00:00', zone = 'Z'] = TIME.exec(text.trim()) ?? []
  const at = new Date(`${day}T${clock}${zone.toUpperCase()}`)
  if (Number.isNaN(at.getTime())) {
    throw new InvalidArgumentError(
      'A time such as 2026-11-24, 2026-11-24 08:00 or 2026-11-24T08:00:00+09:00 is expected; without a zone it is UTC.',
    )
  }
  return at.toISOString()
}
