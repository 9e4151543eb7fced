/** A command that accepts ids that start with a dash. */
import { Command } from 'commander'

// Ids are 128 or 256 random bits in base64url, whose alphabet contains "-"; no option looks like one.
const ID = /^(?!--[a-z-]+$)[\w-]{22}(?:[\w-]{21})?$/

export class IdTakingCommand extends Command {
  override createCommand(name?: string): IdTakingCommand {
    return new IdTakingCommand(name)
  }

  /** Treats unknown options as arguments when they are ids; later ones may be ids too. */
  override parseOptions(args: string[]): { operands: string[]; unknown: string[] } {
    const { operands, unknown } = super.parseOptions(args)
    if (this.commands.length > 0 || !ID.test(unknown[0] ?? '')) return { operands, unknown }
    const isOption = (arg: string) => arg.startsWith('-') && !ID.test(arg)
    return {
      operands: [...operands, ...unknown.filter((arg) => !isOption(arg))],
      unknown: unknown.filter(isOption),
    }
  }
}
