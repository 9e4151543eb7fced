/** What a person at a terminal reads once the server is up. */
import { styleText } from 'node:util'

export interface BannerFacts {
  readonly issuer: string
  /** From the start of the process. */
  readonly seconds: number
  /** The origin of the management listener, if there is one. */
  readonly management: string | undefined
}

/** What the command line takes for the issuer when nothing else is said. */
const USUAL_ISSUER = 'http://localhost:3000'

/** The issuer, where to open, and three commands to go on with. */
export function banner({ issuer, seconds, management }: BannerFacts): string {
  const name = (text: string): string => styleText('dim', text.padEnd(9))
  const command = (text: string): string =>
    `  ${styleText('bold', `npx signet ${text}${issuer === USUAL_ISSUER ? '' : ` --issuer ${issuer}`}`)}`
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
