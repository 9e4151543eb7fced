/** `signet serve`: runs the server in this process until it is stopped. */
import type { Command } from 'commander'
import type { CliContext } from '../context.ts'

export function register(program: Command, context: CliContext): void {
  program
    .command('serve')
    .description('run the server')
    .addHelpText(
      'after',
      `
Settings come from the environment, or from .env where it is present.

Examples:
  $ signet serve
  $ PORT=4000 SIGNET_WORKERS=auto signet serve
  $ DATABASE_URL=postgres://signet@db.example.com/signet signet serve`,
    )
    .action(async () => {
      process.exitCode = await context.serve(context.env)
    })
}
