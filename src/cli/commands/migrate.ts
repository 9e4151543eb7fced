/** `signet migrate`: migrates the schema, shows its status, or reverts the last migration. */
import { Argument, type Command } from 'commander'
import { loadConfig } from '#config/load.ts'
import type { CliContext } from '../context.ts'
import { confirm } from '../confirm.ts'
import { CliFailure, EXIT } from '../failure.ts'
import { withLocalDatabase } from '../local-database.ts'

type Direction = 'up' | 'status' | 'down'

interface Result {
  readonly done: readonly string[]
  readonly applied: readonly string[]
  readonly pending: readonly string[]
}

export function register(program: Command, context: CliContext): void {
  program
    .command('migrate')
    .description('bring the database schema up to date, or show where it stands')
    .addArgument(new Argument('[direction]', 'what to do').choices(['up', 'status', 'down']).default('up'))
    .option(
      '--yes',
      'take a step back although its tables and their content go; needed in production and without a terminal',
    )
    .addHelpText(
      'after',
      `
Uses DATABASE_DIRECT_URL, then DATABASE_URL, then the embedded database (whose server must be stopped).

Examples:
  $ signet migrate
  $ signet migrate status --json
  $ DATABASE_DIRECT_URL=postgres://owner@db.example.com/signet signet migrate up`,
    )
    .action(async (direction: Direction, options: { yes?: boolean }, command: Command) => {
      const { json } = command.optsWithGlobals<{ json?: boolean }>()
      const loaded = loadConfig(context.env, { masterKeys: 'none' })
      if (direction === 'down' && loaded.config.production && !options.yes) {
        throw new CliFailure('A step back drops tables with their content: say --yes to do that in production.', {
          code: 'confirmation_required',
          exitCode: EXIT.usage,
        })
      }
      if (direction === 'down') await confirm(context, 'Take a step back? Its tables and their content go.', options)
      const result = await withLocalDatabase(loaded, ({ directUrl }) => run(direction, directUrl))
      context.stdout.write(json ? `${JSON.stringify(result)}\n` : describe(direction, result))
    })
}

async function run(direction: Direction, url: string): Promise<Result> {
  const [{ migrationStatus, rollback }, { migrate }] = await Promise.all([
    import('#database/migrate.ts'),
    import('#schema.ts'),
  ])
  const act = { up: migrate, down: rollback, status: async () => [] as string[] }[direction]
  const done = await act({ url })
  return { done, ...(await migrationStatus({ url })) }
}

function describe(direction: Direction, { done, applied, pending }: Result): string {
  if (direction === 'status') return describeStatus(applied, pending)
  if (done.length === 0) return direction === 'up' ? 'The schema is up to date.\n' : 'There is no step to take back.\n'
  const steps = done.length === 1 ? 'one step' : `${done.length} steps`
  const head = direction === 'up' ? `The schema is up to date after ${steps}:` : `Took back ${steps}:`
  return `${[head, ...done.map((name) => `  ${name}`)].join('\n')}\n`
}

function describeStatus(applied: readonly string[], pending: readonly string[]): string {
  const steps = pending.length === 1 ? 'one step is' : `${pending.length} steps are`
  const head = pending.length === 0 ? 'The schema is up to date.' : `The schema is older: ${steps} pending.`
  const lines = [...applied.map((name) => `  applied  ${name}`), ...pending.map((name) => `  pending  ${name}`)]
  return `${[head, ...lines].join('\n')}\n`
}
