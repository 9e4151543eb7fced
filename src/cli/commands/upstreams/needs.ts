/** Finds out what a preset still needs, and asks for it where there is a terminal. */
import { callbackPathOf } from '#federation/paths.ts'
import type { Preset } from '#federation/presets/preset.ts'
import { PRESETS } from '#federation/presets/registry.ts'
import type { Document } from '../../admin-client.ts'
import { askEach, hasTerminal } from '../../ask.ts'
import { issuerOf } from '../../connection.ts'
import type { CliContext } from '../../context.ts'
import { usageFailure } from '../../failure.ts'
import { readPemFile } from '../../key-file.ts'
import type { UpstreamOptions } from './members.ts'
import { flagOf, presetValuesOf } from './preset-values.ts'

interface Need {
  readonly flag: string
  readonly text: string
  readonly isSecret?: true
  /** Returns the members of the document for an answer. */
  readonly members: (answer: string) => Document | Promise<Document>
}

/**
 * Returns the members that the preset needs and the options do not give: the answers of the person at the terminal.
 * Throws a usage failure that names the options when there is no terminal.
 */
export async function askForNeeds(
  options: UpstreamOptions & { readonly preset: keyof typeof PRESETS },
  id: string,
  context: CliContext,
): Promise<Document> {
  const preset: Preset = PRESETS[options.preset]
  const needs = needsOf(preset, options)
  if (needs.length === 0) return {}
  const isOwn = options.ownRedirectUri ?? true
  const redirectUri = issuerOf(options, context) + callbackPathOf({ id, ownRedirect: isOwn })
  const first = `Register this redirect URI at ${preset.name} first: ${redirectUri}`
  if (!hasTerminal(context)) {
    const flags = needs.map(({ flag }) => flag).join(', ')
    throw usageFailure(`The preset ${options.preset} also needs ${flags}. ${first}`)
  }
  context.stderr.write(`${first}\n`)
  const answers = await askEach(context, needs)
  let members: Document = {}
  for (const [index, { members: membersOf }] of needs.entries()) {
    members = merged(members, await membersOf(answers[index] ?? ''))
  }
  return members
}

function needsOf({ name, values, authMethods }: Preset, options: UpstreamOptions): Need[] {
  const given = presetValuesOf(options) ?? {}
  const missing = Object.entries(values).filter(
    ([value, { fallback }]) => fallback === undefined && given[value] === undefined,
  )
  const method = options.auth ?? authMethods[0]
  const hasSecret = options.secretStdin === true || !method.startsWith('client_secret_')
  const hasKey = options.privateKeyFile !== undefined || method !== 'signed_client_secret'
  return [
    ...(options.clientId === undefined ? [clientIdOf(name)] : []),
    ...missing.map(([value, { expected, example }]) => ({
      flag: flagOf(value),
      text: `${capital(expected)}, such as ${example}: `,
      members: (answer: string) => ({ preset_values: { [value]: answer } }),
    })),
    ...(hasSecret ? [] : [SECRET]),
    ...(hasKey ? [] : [PRIVATE_KEY]),
  ]
}

function clientIdOf(name: string): Need {
  return { flag: '--client-id', text: `The client id that ${name} gave you: `, members: (id) => ({ client_id: id }) }
}

const SECRET: Need = {
  flag: '--secret-stdin',
  text: 'The client secret, which stays invisible: ',
  isSecret: true,
  members: (secret) => ({ client_secret: secret }),
}

const PRIVATE_KEY: Need = {
  flag: '--private-key-file',
  text: 'The file with the private key: ',
  members: async (path) => ({ private_key: await readPemFile(path) }),
}

/** Returns both documents as one; the values of the preset are collected. */
export function merged(one: Document, other: Document): Document {
  const values = [one, other].map(({ preset_values: each }) => each).filter((each) => each !== undefined)
  const all = values.length === 0 ? {} : { preset_values: Object.assign({}, ...values) as Document }
  return { ...one, ...other, ...all }
}

function capital(text: string): string {
  return text.charAt(0).toUpperCase() + text.slice(1)
}
