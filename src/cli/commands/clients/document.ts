/** `signet clients document`: shows when a client document was fetched, and has it fetched again. */
import type { Command } from 'commander'
import { apiPath, type Document } from '../../admin-client.ts'
import { connect, type ConnectionOptions, withConnection } from '../../connection.ts'
import type { CliContext } from '../../context.ts'
import { CliFailure } from '../../failure.ts'
import { moment, printDetails, printJson } from '../../output.ts'

type Options = ConnectionOptions & { refetch?: boolean }

export function registerClientDocument(clients: Command, context: CliContext): void {
  withConnection(
    clients
      .command('document <url>')
      .description('show when the client document at a URL was fetched, and how it went'),
  )
    .option('--refetch', 'fetch it now, for every node of the server')
    .addHelpText(
      'after',
      `
Examples:
  $ signet clients document https://app.example.com/client.json
  $ signet clients document https://app.example.com/client.json --refetch`,
    )
    .action(async (url: string, _: Options, command: Command) => {
      const options = command.optsWithGlobals<Options>()
      const api = connect(options, context)
      const path = apiPath('clients', url, 'document')
      const state = options.refetch
        ? ((await api.change(`${path}/refetch`, { method: 'POST' })) ?? {})
        : (await api.read(path)).document
      if (options.refetch && typeof state.error === 'string') throw notFetched(url, state)
      if (options.json) return printJson(context, state)
      printState(context, state)
    })
}

function notFetched(url: string, { error, fetched_at: fetchedAt }: Document): CliFailure {
  const kept = fetchedAt ? ` What was fetched at ${moment(fetchedAt)} stays.` : ''
  const reason = String(error).replace(/\.$/, '')
  return new CliFailure(`The client document ${url} could not be used: ${reason}.${kept}`, {
    code: 'client_document_refused',
  })
}

function printState(context: CliContext, state: Document): void {
  printDetails(context, [
    ['document', state.client_id],
    ['fetched', state.fetched_at ? moment(state.fetched_at) : 'never'],
    ['last attempt', moment(state.attempted_at)],
    ['next', moment(state.next_at)],
    ['error', state.error ?? 'none'],
    ['consent counts since', state.consent_since ? moment(state.consent_since) : 'it was first seen'],
  ])
}
