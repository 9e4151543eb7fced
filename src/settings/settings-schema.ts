/** The schema of runtime settings: each with its bounds, default and description. */
import { z } from 'zod'
import { isLoopback } from '#config/loopback.ts'
import { isDisplayText } from '#shared/display-text.ts'
import { isPrivateScheme } from '#shared/private-scheme.ts'
import { EXPECTED_ACCENT, EXPECTED_LOGO, isAccent, isLogo } from '#pages/brand.ts'

const MINUTE = 60
const HOUR = 60 * MINUTE
const DAY = 24 * HOUR

const seconds = (fallback: number, [min, max]: readonly [number, number], description: string) =>
  z
    .int()
    .min(min)
    .max(max)
    .default(fallback)
    .meta({ description: `${description}, in seconds.` })

const lifetimes = z.object({
  access_token_seconds: seconds(5 * MINUTE, [MINUTE, DAY], 'Access tokens of resources that set no time of their own'),
  authorization_code_seconds: seconds(MINUTE, [10, 10 * MINUTE], 'Authorization codes'),
  device_code_seconds: seconds(10 * MINUTE, [MINUTE, 30 * MINUTE], 'Device codes and their user codes'),
  // at most an hour, within which the requests for a person are counted
  backchannel_request_seconds: seconds(
    10 * MINUTE,
    [MINUTE, HOUR],
    'Backchannel authentication requests (CIBA); a client may ask for less',
  ),
  id_token_seconds: seconds(HOUR, [MINUTE, DAY], 'ID tokens'),
  refresh_token_idle_seconds: seconds(30 * DAY, [5 * MINUTE, 365 * DAY], 'Refresh tokens that are not used'),
  refresh_token_absolute_seconds: seconds(180 * DAY, [5 * MINUTE, 3 * 365 * DAY], 'Refresh tokens since the sign-in'),
  refresh_grace_seconds: seconds(
    MINUTE,
    [0, 5 * MINUTE],
    'How long after its first use a rotated refresh token is answered by the same successor again',
  ),
  session_idle_seconds: seconds(12 * HOUR, [5 * MINUTE, 90 * DAY], 'Browser sessions that are not used'),
  session_absolute_seconds: seconds(14 * DAY, [5 * MINUTE, 365 * DAY], 'Browser sessions since the sign-in'),
  interaction_seconds: seconds(HOUR, [5 * MINUTE, DAY], 'A sign-in that was begun'),
})

const passwords = z.object({
  breach_range_url: z
    .url({ protocol: /^https?$/ })
    .nullable()
    .default(null)
    .meta({
      description:
        'A server of the Pwned Passwords range protocol, such as https://api.pwnedpasswords.com, to ask about new passwords; it learns five digits of a digest. Null: nobody is asked.',
    }),
  reset_after_email_change_seconds: seconds(
    DAY,
    [0, 30 * DAY],
    'How long a password reset has to wait after an administrator has changed the e-mail address of the account',
  ),
})

const registration = z.object({
  mode: z.enum(['off', 'invited', 'open']).default('off').meta({
    description:
      'Who may make an account: nobody but administrators (off), also whoever an administrator invites (invited), or everybody who has an e-mail address (open). The last two need outgoing mail.',
  }),
})

function isSafeAddress(address: string): boolean {
  const url = URL.parse(address)
  return url?.protocol === 'https:' || (url !== null && isLoopback(url.hostname))
}

const clientRegistration = z.object({
  mode: z.enum(['off', 'token', 'open']).default('off').meta({
    description:
      'Which clients may register themselves at /register (RFC 7591): none (off), those with an initial access token (token), or all (open).',
  }),
  unused_days: z.int().min(1).max(3650).default(30).meta({
    description:
      'After how many days without a token, an authorization or an identical registration a client of open registration is removed. One that anybody has allowed something stays.',
  }),
  schemes: z
    .array(z.string().refine(isPrivateScheme, 'a URI scheme in lower case such as cursor, none that a browser runs'))
    .max(100)
    .default(['cursor', 'vscode', 'vscode-insiders'])
    .meta({
      description:
        'Private-use URI schemes without a dot that redirect URIs of self-registered clients may have. Schemes with a dot, such as com.example.app, need no entry.',
    }),
  software_statement_issuers: z
    .array(
      z.strictObject({
        issuer: z.string().min(1).max(500),
        jwks_uri: z
          .url({ protocol: /^https?$/ })
          .max(2000)
          .refine(isSafeAddress, 'an https URL, or http on loopback'),
      }),
    )
    .max(20)
    .default([])
    .meta({
      description:
        'Who may sign software statements (RFC 7591 §2.3): objects with `issuer` and `jwks_uri`. What such a statement says comes before what the client says. While the list is empty, statements are ignored.',
    }),
})

const hosts = (description: string) =>
  z
    .array(
      z
        .string()
        .regex(/^(?:\*\.)?[a-z0-9](?:[a-z0-9.-]{0,251}[a-z0-9])?$/, 'a host such as app.example.com or *.example.com'),
    )
    .max(500)
    .default([])
    .meta({ description })

const clientDocuments = z.object({
  mode: z.enum(['auto', 'on', 'off']).default('auto').meta({
    description:
      'Whether the URL of a client metadata document is accepted as a client id: never (off), always (on), or while at least one resource is open to any client (auto).',
  }),
  allow: hosts(
    'Hosts that documents may be at, such as claude.ai or *.example.com for those below it. Empty: all hosts.',
  ),
  deny: hosts('Hosts whose documents are refused, known ones too.'),
})

const audit = z.object({
  retention_days: z.int().min(30).max(3650).default(400).meta({
    description:
      'How many days audit events are kept. They are removed a month at a time, once the newest of the month is older.',
  }),
})

const limits = z.object({
  anonymous_megabytes_per_hour: z.int().min(1).max(10_000).default(32).meta({
    description:
      'How much data requests from one address (IPv6: one /64) may make one server store in an hour before anyone has signed in; an eighth of it at once. The network around it (IPv4: /24, IPv6: /48) may store ten times as much. The workers of a server share the limit equally. Starting a sign-in takes about two kilobytes.',
  }),
  backchannel_requests_waiting: z.int().min(1).max(100).default(5).meta({
    description: 'Backchannel authentication requests (CIBA) that may wait for one person at a time.',
  }),
  backchannel_requests_per_hour: z.int().min(1).max(10_000).default(30).meta({
    description: 'Backchannel authentication requests of one client for one person in an hour.',
  }),
  backchannel_requests_of_client: z.int().min(1).max(100_000).default(1000).meta({
    description: 'Backchannel authentication requests of one client that may wait for an answer at a time.',
  }),
  lost_factor_delay_seconds: seconds(
    DAY,
    [HOUR, 30 * DAY],
    'How long a person who lost their passkey or authenticator app waits before a password and a code by mail replace it',
  ),
  waiting_passwords: z.int().min(1).max(100_000).default(600).meta({
    description:
      'Passwords that may wait in one process to be checked; whoever comes on top is asked to try again in a moment.',
  }),
})

const security = z.object({
  contact: z
    .string()
    .regex(/^(?:mailto:|https:\/\/|tel:)[\x21-\x7e]{1,500}$/, 'a mailto:, https: or tel: URI')
    .nullable()
    .default(null)
    .meta({
      description:
        'Where to report a vulnerability: a mailto:, https: or tel: URI, published in /.well-known/security.txt. Null: there is no such file.',
    }),
})

const footerLink = (what: string) =>
  z
    .url({ protocol: /^https?$/ })
    .nullable()
    .default(null)
    .meta({ description: `${what}, linked at the foot of each page.` })

const brand = z.object({
  name: z
    .string()
    .trim()
    .refine((name) => Array.from(name).length <= 40 && isDisplayText(name), 'a name of 1 to 40 characters')
    .default('Signet')
    .meta({ description: 'How pages, mails and authenticators call the server.' }),
  logo: z
    .string()
    .refine(isLogo, EXPECTED_LOGO)
    .nullable()
    .default(null)
    .meta({ description: 'An image beside the name, 28 pixels high, as a data: URL; null: the mark of Signet.' }),
  accent: z
    .string()
    .refine(isAccent, EXPECTED_ACCENT)
    .nullable()
    .default(null)
    .meta({ description: 'The colour of what matters most; made darker or lighter where it could not be read.' }),
  support_url: footerLink('Where people get help'),
  privacy_url: footerLink('The privacy policy'),
  terms_url: footerLink('The terms of use'),
})

/** The groups of settings. A setting without a value has its default. */
export const SETTINGS_GROUPS = {
  audit,
  brand,
  client_documents: clientDocuments,
  client_registration: clientRegistration,
  lifetimes,
  limits,
  passwords,
  registration,
  security,
} as const

export const settingsSchema = z.object({
  audit: audit.prefault({}),
  brand: brand.prefault({}),
  client_documents: clientDocuments.prefault({}),
  client_registration: clientRegistration.prefault({}),
  lifetimes: lifetimes.prefault({}),
  limits: limits.prefault({}),
  passwords: passwords.prefault({}),
  registration: registration.prefault({}),
  security: security.prefault({}),
})

export type SettingsValues = z.infer<typeof settingsSchema>

/** The values when nothing is set. */
export const DEFAULT_SETTINGS: SettingsValues = settingsSchema.parse({})

/** New values by group and name; null restores the default. */
export type SettingsChange = Readonly<Record<string, Readonly<Record<string, unknown>>>>
