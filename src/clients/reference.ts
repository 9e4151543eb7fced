/** Writes the tables of profiles, authentication methods and members for the reference, in Markdown. */
import { AUTH_METHODS } from './auth-methods.ts'
import { MEMBERS } from './members/registry.ts'
import { PROFILES } from './profiles.ts'

export function profileTable(): string {
  const rows = Object.entries(PROFILES).map(
    ([name, { meaning, summary }]) => `| \`${name}\` | ${meaning} | ${summary} |`,
  )
  return ['| profile | what it is | fixed |', '|---|---|---|', ...rows, ''].join('\n')
}

export function authMethodTable(): string {
  const rows = Object.entries(AUTH_METHODS).map(([name, { meaning }]) => {
    const profiles = Object.entries(PROFILES).filter(([, { authMethods }]) =>
      authMethods.some((method) => method === name),
    )
    const names = profiles.map(
      ([profile, { authMethods }]) => `\`${profile}\`${authMethods[0] === name ? ' (default)' : ''}`,
    )
    return `| \`${name}\` | ${meaning} | ${names.join(', ')} |`
  })
  return ['| method | the client proves itself by | profiles |', '|---|---|---|', ...rows, ''].join('\n')
}

export function memberTable(): string {
  const rows = MEMBERS.map(({ name, meaning, default: fallback }) => {
    const value = fallback === undefined ? '' : `\`${String(fallback)}\``
    return `| \`${name}\` | ${value} | ${meaning} |`
  })
  return ['| member | default | |', '|---|---|---|', ...rows, ''].join('\n')
}
