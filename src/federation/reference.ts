/** Writes the table of presets for the reference, in Markdown. */
import type { Preset } from './presets/preset.ts'
import { PRESETS } from './presets/registry.ts'

const list = (values: readonly string[]) => values.map((value) => `\`${value}\``).join(', ')

export function presetTable(): string {
  const rows = Object.entries<Preset>(PRESETS).map(([name, preset]) => {
    const { values, issuerOf, authMethods, responseModes, scopes, verifiedAddresses } = preset
    const examples = Object.fromEntries(
      Object.entries(values).map(([each, { fallback }]) => [each, fallback ?? `{${each}}`]),
    )
    const protocol = preset.oauth ? 'OAuth 2.0; ' : ''
    const wire = `${protocol}${list(scopes)}; ${list(authMethods)}; ${list(responseModes)}`
    return `| \`${name}\` | ${needsOf(preset)} | \`${issuerOf(examples)}\` | ${wire} | ${verifiedAddresses} |`
  })
  return [
    '| preset | you give, besides `client_id` | issuer | scopes; authentication; response modes | addresses that count as verified |',
    '|---|---|---|---|---|',
    ...rows,
    '',
  ].join('\n')
}

function needsOf({ values, authMethods }: Preset): string {
  const credential = authMethods[0] === 'signed_client_secret' ? '`private_key`' : '`client_secret`'
  const others = Object.entries(values).map(([name, { expected, fallback }]) => {
    const absent = fallback === undefined ? '' : ` (\`${fallback}\` when absent)`
    return `\`${name}\`: ${expected}${absent}`
  })
  return [credential, ...others].join('<br>')
}
