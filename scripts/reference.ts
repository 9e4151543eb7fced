/**
 * Writes the documentation that follows the code: settings (with `.env.example`), clients, commands, admin routes, audit
 * events, the row table and the hazards. `npm run reference` brings them up to date; a test fails when they are not.
 */
import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import type { Command, Option } from 'commander'
import { z } from 'zod'
import { adminRoutes, type AdminRoutesDeps } from '#admin/resources.ts'
import type { Route } from '#admin/route.ts'
import { AUDIT_EVENTS } from '#audit/events.ts'
import { createProgram } from '#cli/program.ts'
import { authMethodTable, memberTable, profileTable } from '#clients/reference.ts'
import { envExample, referenceTable } from '#config/reference.ts'
import { presetTable } from '#federation/reference.ts'
import { DEFAULT_SETTINGS, SETTINGS_GROUPS } from '#settings/settings-schema.ts'
import { asvsTable } from '../test/hazards/catalogue/asvs.ts'
import { HAZARD_PARTS } from '../test/hazards/catalogue.ts'
import { KEEPERS, ROWS } from '../test/support/architecture/rows.ts'

const ROOT = join(import.meta.dirname, '..')

/** Each command with its usage: leaves only, in the order of `--help`. */
export function commands(): { readonly usage: string; readonly command: Command }[] {
  const { stdin, stdout, stderr } = process
  const program = createProgram({ env: {}, stdin, stdout, stderr, serve: async () => 0 })
  const walk = (command: Command, path: string): ReturnType<typeof commands> => {
    const below = command.createHelp().visibleCommands(command)
    const named = below.filter((child) => child.name() !== 'help')
    if (named.length > 0) return named.flatMap((child) => walk(child, `${path} ${child.name()}`))
    return [{ usage: `${path} ${command.usage()}`.trim(), command }]
  }
  return walk(program, 'signet')
}

const cell = (text: string): string =>
  text
    .replaceAll('|', String.raw`\|`)
    .replaceAll(/\s+/g, ' ')
    .trim()

/** What nearly every command takes stands above the list. */
function toldOnce({ long, description }: Option): boolean {
  return long === '--help' || long === '--issuer' || (long === '--key' && description.includes('signet-cli'))
}

function commandList(): string {
  return commands()
    .map(({ usage, command }) => {
      const help = command.createHelp()
      const options = help.visibleOptions(command).filter((option) => !toldOnce(option))
      const rows = options.map((option) => `| \`${cell(option.flags)}\` | ${cell(help.optionDescription(option))} |`)
      const table = rows.length === 0 ? '' : `\n\n| option | |\n|---|---|\n${rows.join('\n')}`
      return `#### \`${usage.replace(/ \[options\]/, '')}\`\n\n${sentence(command.description())}.${table}\n`
    })
    .join('\n')
}

function sentence(text: string): string {
  return text.charAt(0).toUpperCase() + text.slice(1)
}

/** The route table of the admin API; the services behind it are not asked for it. */
export function routes(): Route[] {
  return adminRoutes({} as AdminRoutesDeps)
}

function routeTable(): string {
  const rows = routes().map(
    ({ method, path, scope, summary }) => `| \`${method} /admin/v1${path}\` | \`${scope}\` | ${cell(summary)} |`,
  )
  return ['| request | scope | |', '|---|---|---|', ...rows, ''].join('\n')
}

/** What may be changed while the server runs, from the schema's own words and bounds. */
function settingsTable(): string {
  const rows = Object.entries(SETTINGS_GROUPS).flatMap(([group, { shape }]) =>
    Object.entries(shape).map(([name, schema]) => {
      const { minimum, maximum } = z.toJSONSchema(schema)
      const fallback = DEFAULT_SETTINGS[group as keyof typeof SETTINGS_GROUPS][name as keyof typeof shape]
      const bounds = minimum === undefined ? '' : `${minimum} to ${maximum}`
      return `| \`${group}.${name}\` | ${String(fallback)} | ${bounds} | ${cell(schema.meta()?.description ?? '')} |`
    }),
  )
  return ['| setting | default | takes | |', '|---|--:|---|---|', ...rows, ''].join('\n')
}

function rowTable(): string {
  const rows = ROWS.map((rooms, row) => {
    const kept = KEEPERS.filter((keeper) => rooms.includes(keeper.rooms[0] ?? '')).map(({ packages, rooms: also }) => {
      const names = packages.map((name) => `\`${name}${name.endsWith('/') ? '*' : ''}\``).join(', ')
      return also.length > 1 ? `${names} (with ${also.slice(1).join(', ')})` : names
    })
    const types = KEEPERS.filter((keeper) => keeper.types?.some((room) => rooms.includes(room)))
    const only = types.map(({ packages }) => `types of \`${packages.join('`, `')}\``)
    return `| ${row} | ${rooms.map((room) => `\`${room}\``).join(' · ')} | ${[...kept, ...only].join('; ')} |`
  })
  return ['| row | rooms | alone may import |', '|--:|---|---|', ...rows, ''].join('\n')
}

/** Each audit event with the fields of its detail, from the catalogue's own words. */
function eventTable(): string {
  const rows = Object.entries(AUDIT_EVENTS).map(([type, { meaning, detail }]) => {
    const { properties = {} } = z.toJSONSchema(detail)
    const fields = Object.entries(properties).map(
      ([name, field]) => `\`${name}\` (${typeName(field)}): ${typeof field === 'boolean' ? '' : field.description}`,
    )
    return `| \`${type}\` | ${cell(meaning)} | ${cell(fields.join('<br>'))} |`
  })
  return ['| type | recorded when | fields of `detail` |', '|---|---|---|', ...rows, ''].join('\n')
}

function typeName(schema: z.core.JSONSchema._JSONSchema): string {
  if (typeof schema === 'boolean') return 'any'
  if (schema.anyOf) return schema.anyOf.map(typeName).join(' or ')
  if (schema.enum) return schema.enum.map((value) => `\`${String(value)}\``).join(' or ')
  if (schema.type === 'array' && schema.items !== undefined && !Array.isArray(schema.items)) {
    return `array of ${typeName(schema.items)}s`
  }
  return typeof schema.type === 'string' ? schema.type : 'any'
}

const PARTS: readonly { file: string; part?: string; text: () => string }[] = [
  { file: '.env.example', text: envExample },
  { file: 'ARCHITECTURE.md', part: 'rows', text: rowTable },
  { file: 'docs/reference.md', part: 'configuration', text: referenceTable },
  { file: 'docs/reference.md', part: 'settings', text: settingsTable },
  { file: 'docs/reference.md', part: 'client-profiles', text: profileTable },
  { file: 'docs/reference.md', part: 'client-auth-methods', text: authMethodTable },
  { file: 'docs/reference.md', part: 'client-members', text: memberTable },
  { file: 'docs/reference.md', part: 'upstream-presets', text: presetTable },
  { file: 'docs/reference.md', part: 'commands', text: commandList },
  { file: 'docs/reference.md', part: 'admin-routes', text: routeTable },
  { file: 'docs/reference.md', part: 'audit-events', text: eventTable },
  ...HAZARD_PARTS,
  { file: 'docs/security/asvs.md', part: 'items', text: asvsTable },
]

/** Every file that follows the code, as it stands and as it should. */
export function documents(): { readonly file: string; readonly present: string; readonly expected: string }[] {
  return [...new Set(PARTS.map(({ file }) => file))].map((file) => {
    const present = readFileSync(join(ROOT, file), 'utf8')
    const expected = PARTS.filter((part) => part.file === file).reduce((text, { part, text: write }) => {
      if (part === undefined) return write()
      const marked = new RegExp(`(<!-- ${part}:start -->\n)[^]*?(<!-- ${part}:end -->)`)
      if (!marked.test(text)) throw new Error(`${file} has no part ${part}`)
      return text.replace(marked, (_all, start: string, end: string) => `${start}\n${write().trim()}\n\n${end}`)
    }, present)
    return { file, present, expected }
  })
}

if (import.meta.main) {
  for (const { file, expected } of documents()) writeFileSync(join(ROOT, file), expected)
}
