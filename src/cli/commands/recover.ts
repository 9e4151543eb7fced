/** `signet recover`. */
import type { Command } from 'commander'
import type { CliContext } from '../context.ts'

export function register(program: Command, _context: CliContext): void {
  void program
}
