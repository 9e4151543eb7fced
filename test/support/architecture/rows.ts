/**
 * The row table of the architecture: which room may import which, and the packages that belong to one room.
 * ARCHITECTURE.md explains it.
 */

/** A room imports itself or rooms of an earlier row, never a neighbour in its own row or a later one. */
export const ROWS: readonly (readonly string[])[] = [
  ['shared'],
  ['config', 'resource-server', 'observability'],
  ['database', 'embedded-postgres', 'http', 'outbound'],
  ['sealing', 'outbox'],
  ['pages'],
  ['audit', 'mail'],
  ['clients', 'resources', 'accounts', 'signing-keys', 'settings', 'webhooks'],
  ['sign-in'],
  ['verification', 'federation'],
  ['oidc'],
  ['interactions', 'account-portal', 'admin'],
  ['services', 'schema', 'languages'],
  ['app'],
  ['main', 'cli'],
]

/**
 * A package (a name, or a scope that ends in `/`) and the rooms that may import it; rooms in `types` may import its
 * types.
 */
export interface Keeper {
  readonly packages: readonly string[]
  readonly rooms: readonly string[]
  readonly types?: readonly string[]
}

export const KEEPERS: readonly Keeper[] = [
  { packages: ['pino', 'pino-pretty', '@prometheus-io/', '@opentelemetry/'], rooms: ['observability'] },
  { packages: ['knex', 'pg'], rooms: ['database'] },
  { packages: ['graphile-worker'], rooms: ['outbox'] },
  { packages: ['undici'], rooms: ['outbound'] },
  { packages: ['hono'], rooms: ['pages'] },
  { packages: ['koa-compose'], rooms: ['http', 'oidc', 'app'] },
  { packages: ['nodemailer'], rooms: ['mail'] },
  { packages: ['ajv'], rooms: ['resources'] },
  {
    packages: ['argon2', '@node-rs/argon2', '@simplewebauthn/', 'otpauth', 'piscina', 'qr'],
    rooms: ['sign-in'],
  },
  { packages: ['openid-client'], rooms: ['federation'] },
  {
    packages: ['oidc-provider'],
    rooms: ['oidc'],
    types: ['interactions', 'account-portal', 'admin'],
  },
  { packages: ['keygrip'], rooms: ['oidc'] },
  { packages: ['commander', '@clack/', '@bomb.sh/'], rooms: ['cli'] },
]

/** Tables of data that may be longer than 300 lines. */
export const LONG_REGISTRIES: readonly string[] = [
  'src/config/variables.ts',
  'test/hazards/catalogue/requirements.ts',
  'test/hazards/catalogue/vulnerabilities.ts',
]
