/** The table of every variable that Signet reads. The types, the parsing and the docs come from it. */
import * as parse from './parsers.ts'
import type { Facts, Variable } from './variable.ts'

const NONE = { shown: 'none' } as const

const port = parse.integer(1, 65_535)
const portOrOff = parse.integer(0, 65_535)

export const VARIABLES = {
  NODE_ENV: {
    member: 'nodeEnv',
    parse: parse.text,
    default: NONE,
    example: 'production',
    meaning: '`production` turns on production mode; an issuer whose host is not loopback also does',
  },
  SIGNET_ISSUER: {
    member: 'issuer',
    parse: parse.issuer,
    default: { shown: '`http://localhost:$PORT`', of: ({ scheme, port }) => `${scheme}://localhost:${port}` },
    example: 'https://id.example.com',
    meaning: 'the issuer identifier; every URL the server makes starts with it',
  },
  PORT: {
    member: 'port',
    parse: port,
    default: '3000',
    example: '3000',
    meaning: 'the port it listens on',
  },
  HOST: {
    member: 'host',
    parse: parse.listenHost,
    default: { shown: '`127.0.0.1`, in production `::`', of: ({ production }) => (production ? '::' : '127.0.0.1') },
    example: '127.0.0.1',
    meaning: 'the address it listens on',
  },
  SIGNET_MANAGEMENT_PORT: {
    member: 'managementPort',
    parse: portOrOff,
    default: '3001',
    example: '3001',
    meaning: 'the port of `/metrics` and `/health/*`; `0` switches the management listener off',
  },
  SIGNET_MANAGEMENT_HOST: {
    member: 'managementHost',
    parse: parse.listenHost,
    default: '127.0.0.1',
    example: '127.0.0.1',
    meaning: 'the address of the management listener',
  },
  DATABASE_URL: {
    member: 'databaseUrl',
    parse: parse.databaseUrl,
    default: { shown: 'embedded PostgreSQL under `SIGNET_DATA_DIR`' },
    example: 'postgres://signet:password@db.example.com/signet?sslmode=verify-full',
    meaning: 'PostgreSQL 14 to 18',
    secret: true,
  },
  DATABASE_DIRECT_URL: {
    member: 'databaseDirectUrl',
    parse: parse.databaseUrl,
    default: { shown: '`DATABASE_URL`', of: ({ databaseUrl }) => databaseUrl },
    example: 'postgres://signet:password@db.example.com:5432/signet',
    meaning:
      'a connection past PgBouncer, for migrations, notifications and the outbox; its role owns the schema, or has the rights that docs/operations/mail.md names',
    secret: true,
  },
  SIGNET_MIGRATE: {
    member: 'migrate',
    parse: parse.choice('auto', 'off'),
    default: 'auto',
    example: 'auto',
    meaning: '`off`: a start on an older schema waits for `signet migrate` and says so in `/health/started`',
  },
  SIGNET_DATA_DIR: {
    member: 'dataDir',
    parse: parse.path,
    default: '.signet',
    example: '.signet',
    meaning: 'the embedded database and its state',
  },
  SIGNET_KEYS_DIR: {
    member: 'keysDir',
    parse: parse.path,
    default: 'keys',
    example: 'keys',
    meaning: 'master keys, the private key of the first admin client, the set-up link',
  },
  SIGNET_MASTER_KEYS: {
    member: 'masterKeys',
    parse: parse.masterKeys,
    default: { shown: 'the file `master.key` in the keys directory, made on first start outside production' },
    example: 'hLd2yBtX1cVvWnq0E4rT9uY6iO3pA7sD5fG8hJkLzXc',
    meaning: 'comma-separated base64url keys of 32 bytes; the first encrypts, all decrypt',
    secret: true,
  },
  SIGNET_RESTORE_EPOCH: {
    member: 'givenRestoreEpoch',
    parse: parse.integer(0, 1_000_000),
    default: {
      shown: 'the file `restore-epoch` in the keys directory, which `signet restore-epoch` writes; `0` without it',
    },
    example: '1',
    meaning:
      'how often the database was restored, for servers that keep no files: raised by one after each restore, it ends all sessions and tokens of before',
  },
  SIGNET_ENGINE_ONLY: {
    member: 'engineOnly',
    parse: parse.flag,
    default: 'false',
    example: 'true',
    meaning: 'for diagnosis: plain requests for machine tokens take the way of all others, which costs twice as much',
  },
  SIGNET_WORKERS: {
    member: 'workers',
    parse: parse.workers,
    default: '1',
    example: 'auto',
    meaning: 'processes that serve; `auto`: as many as there are cores',
  },
  SIGNET_TRUSTED_PROXIES: {
    member: 'trustedProxies',
    parse: parse.ranges,
    default: { shown: 'none', of: () => '' },
    example: '10.0.0.0/8,fd00::/8',
    meaning: 'CIDR ranges whose forwarding headers (and `Client-Cert`) are believed',
  },
  SIGNET_TLS_CERT_FILE: {
    member: 'tlsCertFile',
    parse: parse.path,
    default: NONE,
    example: '/etc/signet/tls.crt',
    meaning: 'the certificate chain, to serve `https` itself; read again when it changes',
  },
  SIGNET_TLS_KEY_FILE: {
    member: 'tlsKeyFile',
    parse: parse.path,
    default: NONE,
    example: '/etc/signet/tls.key',
    meaning: 'the private key of the certificate',
  },
  SIGNET_TLS_PROFILE: {
    member: 'tlsProfile',
    parse: parse.choice('bcp195', 'tls1.3', 'node'),
    default: 'bcp195',
    example: 'tls1.3',
    meaning:
      'what the server offers when it serves `https` itself: `bcp195` TLS 1.3, and TLS 1.2 with the ECDHE AES-GCM suites of BCP 195; `tls1.3` TLS 1.3 alone; `node` the defaults of Node, for clients that have nothing better',
  },
  SIGNET_MTLS_PORT: {
    member: 'mtlsPort',
    parse: port,
    default: NONE,
    example: '3443',
    meaning: 'a second TLS listener, which asks clients for a certificate',
  },
  SIGNET_MTLS_CLIENT_CA_FILE: {
    member: 'mtlsClientCaFile',
    parse: parse.path,
    default: { shown: 'none: only self-signed registration' },
    example: '/etc/signet/client-ca.crt',
    meaning: 'the authorities that client certificates are checked against (PEM); read again when the file changes',
  },
  SIGNET_MTLS_URL: {
    member: 'mtlsUrl',
    parse: parse.origin,
    default: NONE,
    example: 'https://mtls.id.example.com',
    meaning:
      'where clients reach a listener that asks for a certificate, ours or that of a proxy; published as `mtls_endpoint_aliases`',
  },
  SIGNET_PROXY_VERIFIES_CLIENT_CERT: {
    member: 'proxyVerifiesClientCert',
    parse: parse.flag,
    default: 'false',
    example: 'true',
    meaning: 'a `Client-Cert` header from a trusted proxy counts as verified for `tls_client_auth`',
  },
  SIGNET_FETCH_ALLOW: {
    member: 'fetchAllow',
    parse: parse.hostsOrRanges,
    default: {
      shown: 'loopback in development, none in production',
      of: ({ production }) => (production ? '' : 'localhost,127.0.0.0/8,::1/128'),
    },
    example: 'localhost,10.1.0.0/16',
    meaning: 'hosts and CIDR ranges that outgoing fetches may reach although they are private',
  },
  SIGNET_ADMIN_EMAIL: {
    member: 'firstAdminEmail',
    parse: parse.email,
    default: NONE,
    example: 'ada@example.com',
    meaning: 'the first administrator, made at first start',
    isUnused: true,
  },
  SIGNET_ADMIN_PASSWORD: {
    member: 'firstAdminPassword',
    parse: parse.text,
    default: NONE,
    example: 'a long phrase',
    meaning: 'the first password of that administrator',
    secret: true,
    isUnused: true,
  },
  SMTP_URL: {
    member: 'smtpUrl',
    parse: parse.smtpUrl,
    default: { shown: 'none: in development mail is kept and shown at `/dev/mail` of the management port' },
    example: 'smtps://user:password@mail.example.com',
    meaning:
      'the relay that takes outgoing mail; `smtp://` must offer STARTTLS unless it is on this machine or the URL ends with `?tls=off`',
    secret: true,
  },
  SIGNET_MAIL_FROM: {
    member: 'mailFrom',
    parse: parse.mailbox,
    default: NONE,
    example: 'Signet <id@example.com>',
    meaning: 'the sender of outgoing mail',
  },
  SIGNET_REFUSALS_PER_MINUTE: {
    member: 'refusalsPerMinute',
    parse: parse.integer(1, 1_000_000),
    default: '10',
    example: '10',
    meaning: 'refusals of a kind that are recorded for each address and minute; further ones are counted',
  },
  LOG_LEVEL: {
    member: 'logLevel',
    parse: parse.choice('fatal', 'error', 'warn', 'info', 'debug', 'trace', 'silent'),
    default: 'info',
    example: 'info',
    meaning: 'the least level that is logged',
  },
  LOG_FORMAT: {
    member: 'logFormat',
    parse: parse.choice('json', 'pretty'),
    default: { shown: '`json`; `pretty` on a terminal', of: ({ terminal }) => (terminal ? 'pretty' : 'json') },
    example: 'json',
    meaning: 'logs go to stdout',
  },
  OTEL_EXPORTER_OTLP_ENDPOINT: {
    member: 'tracingEndpoint',
    parse: parse.url('http:', 'https:'),
    default: { shown: 'none: no tracing' },
    example: 'http://localhost:4318',
    meaning: 'where traces are sent; the other `OTEL_*` variables are obeyed as OpenTelemetry defines them',
    isUnused: true,
  },
  OTEL_EXPORTER_OTLP_HEADERS: {
    member: 'tracingHeaders',
    parse: parse.text,
    default: NONE,
    example: 'authorization=Bearer …',
    meaning: 'headers sent along with traces',
    secret: true,
    isUnused: true,
  },
  SIGNET_ALLOW_INSECURE_ISSUER: {
    member: 'allowInsecureIssuer',
    parse: parse.flag,
    default: 'false',
    example: 'true',
    meaning: 'in production: an `http` issuer',
  },
  SIGNET_ALLOW_GENERATED_KEYS: {
    member: 'allowGeneratedKeys',
    parse: parse.flag,
    default: 'false',
    example: 'true',
    meaning: 'in production: a master key file that `signet init` did not make',
  },
  SIGNET_ALLOW_EMBEDDED_DATABASE: {
    member: 'allowEmbeddedDatabase',
    parse: parse.flag,
    default: 'false',
    example: 'true',
    meaning: 'in production: the embedded database',
  },
} as const satisfies Record<string, Variable>

type Variables = typeof VARIABLES

export type VariableName = keyof Variables

/** The checked value of each variable that is set. */
export type Values = { readonly [Name in VariableName]?: ReturnType<Variables[Name]['parse']> }

/** The type of a setting: the value of the variable, or of its default. */
export type Setting<Name extends VariableName> =
  | ReturnType<Variables[Name]['parse']>
  | (Variables[Name]['default'] extends string | { readonly of: (facts: Facts) => string } ? never : undefined)

export type SecretName = {
  [Name in VariableName]: Variables[Name] extends { secret: true } ? Name : never
}[VariableName]

/** Returns every valid name: the variables, and `<NAME>_FILE` for each secret. */
export function knownNames(): string[] {
  return Object.entries<Variable>(VARIABLES).flatMap(([name, { secret }]) => (secret ? [name, `${name}_FILE`] : [name]))
}
