/** `signet settings`: shows and changes the settings that apply while the server runs. */
import type { Command } from 'commander'
import type { Document } from '../../admin-client.ts'
import { connect, type ConnectionOptions, withConnection } from '../../connection.ts'
import type { CliContext } from '../../context.ts'
import { usageFailure } from '../../failure.ts'
import { jsonOrText } from '../../options.ts'
import { print, printJson, printTable } from '../../output.ts'

const PATH = '/settings'

export function register(program: Command, context: CliContext): void {
  const settings = program
    .command('settings')
    .description('what may be changed while the server runs')
    .addHelpText(
      'after',
      `
Examples:
  $ signet settings show
  $ signet settings set lifetimes.refresh_grace_seconds=30
  $ signet settings reset lifetimes.refresh_grace_seconds`,
    )
  registerShow(settings, context)
  registerSet(settings, context)
  registerReset(settings, context)
}

function registerShow(settings: Command, context: CliContext): void {
  withConnection(settings.command('show', { isDefault: true }).description('show the settings'))
    .addHelpText('after', '\nExample:\n  $ signet settings show --json')
    .action(async (_: ConnectionOptions, command: Command) => {
      const options = command.optsWithGlobals<ConnectionOptions>()
      const { document } = await connect(options, context).read(PATH)
      if (options.json) return printJson(context, document)
      printSettings(context, document)
    })
}

function registerSet(settings: Command, context: CliContext): void {
  withConnection(
    settings.command('set <name=value...>').description('set settings; every node follows within a second'),
  )
    .addHelpText('after', '\nExample:\n  $ signet settings set lifetimes.refresh_grace_seconds=30')
    .action(async (given: string[], _: ConnectionOptions, command: Command) => {
      const members = given.map((text): [string, unknown] => {
        const at = text.indexOf('=')
        if (at <= 0) throw usageFailure(`NAME=VALUE is expected instead of "${text}". See --help.`)
        return [text.slice(0, at), jsonOrText(text.slice(at + 1))]
      })
      await change(command, context, members)
    })
}

function registerReset(settings: Command, context: CliContext): void {
  withConnection(settings.command('reset <name...>').description('let settings have their default again'))
    .addHelpText('after', '\nExample:\n  $ signet settings reset lifetimes.refresh_grace_seconds')
    .action(async (names: string[], _: ConnectionOptions, command: Command) => {
      await change(
        command,
        context,
        names.map((name) => [name, null]),
      )
    })
}

async function change(command: Command, context: CliContext, members: readonly [string, unknown][]): Promise<void> {
  const options = command.optsWithGlobals<ConnectionOptions>()
  const body: Record<string, Record<string, unknown>> = {}
  for (const [name, value] of members) {
    const [group, setting] = name.split('.', 2)
    if (!group || !setting)
      throw usageFailure(`A setting is named GROUP.NAME, unlike "${name}". See signet settings show.`)
    body[group] = { ...body[group], [setting]: value }
  }
  const after = await connect(options, context).change(PATH, { method: 'PATCH', body })
  if (options.json) return printJson(context, after)
  const names = members.map(([name]) => name)
  print(context, `Changed ${names.join(', ')}.`, '')
  printSettings(context, after ?? {}, names)
}

/** Prints all settings, or those in `names`. */
function printSettings(context: CliContext, document: Document, names?: readonly string[]): void {
  const overridden = document.overridden as readonly string[]
  const rows = Object.entries(document).flatMap(([group, members]) => {
    if (typeof members !== 'object' || members === null || Array.isArray(members)) return []
    return Object.entries(members).map(([name, value]): [string, unknown] => [`${group}.${name}`, value])
  })
  printTable(
    context,
    ['SETTING', 'VALUE', ''].map((title) => ({ title })),
    rows
      .filter(([name]) => names?.includes(name) ?? true)
      .map(([name, value]) => [
        name,
        typeof value === 'string' ? value : JSON.stringify(value),
        overridden.includes(name) ? 'set' : 'default',
      ]),
  )
}
