/** The banner that a terminal shows once the server is ready. */
import { styleText } from 'node:util'

export interface BannerFacts {
  readonly issuer: string
  /** Time since the start of the process. */
  readonly seconds: number
  /** The origin of the management listener; undefined when it is off. */
  readonly management: string | undefined
}

/** The issuer that the CLI assumes by default. */
const DEFAULT_ISSUER = 'http://localhost:3000'

/** Returns the banner: the issuer, the URL to open, and three commands to continue with. */
export function banner({ issuer, seconds, management }: BannerFacts): string {
  const name = (text: string): string => styleText('dim', text.padEnd(9))
  const command = (text: string): string =>
    `  ${styleText('bold', `npx signet ${text}${issuer === DEFAULT_ISSUER ? '' : ` --issuer ${issuer}`}`)}`
  return [
    '',
    `Signet is ready after ${seconds.toFixed(1)} s.`,
    '',
    `  ${name('Issuer')}${issuer}`,
    `  ${name('Open')}${issuer}/`,
    ...(management === undefined ? [] : [`  ${name('Health')}${management}/health/ready`]),
    '',
    'Next: an API, a machine that may call it, and a person.',
    '',
    command('resources create https://api.example.com --scope posts:read'),
    command(
      'clients create --profile machine --name billing --generate-key billing.jwk.json --allow https://api.example.com=posts:read',
    ),
    command('accounts create --email ada@example.com --name "Ada Lovelace" --password-stdin'),
    '',
    '',
  ].join('\n')
}
