/** Every variable Signet reads: what it means, its default and how its text becomes a value. The docs follow this. */
import * as parse from './parsers.ts'
import type { Parser } from './parsers.ts'

export interface Variable<Value> {
  readonly parse: Parser<Value>
  /** The default as a reader of the reference is told it. */
  readonly default: string
  /** One sentence for the reference and `.env.example`, without a full stop. */
  readonly meaning: string
  /** A value that would be right. */
  readonly example: string
  /** Never told in a fault; may also be given as `<NAME>_FILE`. */
  readonly secret: boolean
}

function plain<Value>(parser: Parser<Value>, standard: string, example: string, meaning: string): Variable<Value> {
  return { parse: parser, default: standard, example, meaning, secret: false }
}

function secret<Value>(parser: Parser<Value>, standard: string, example: string, meaning: string): Variable<Value> {
  return { parse: parser, default: standard, example, meaning, secret: true }
}

const port = parse.integer(1, 65_535)
const portOrOff = parse.integer(0, 65_535)

export const VARIABLES = {
  NODE_ENV: plain(
    parse.text,
    'none',
    'production',
    '`production` makes it a production server whatever the issuer is; an issuer that is not loopback does too',
  ),
  SIGNET_ISSUER: plain(
    parse.issuer,
    '`http://localhost:$PORT`',
    'https://id.example.com',
    'the issuer identifier; every URL the server makes starts with it',
  ),
  PORT: plain(port, '`3000`', '3000', 'the port it listens on'),
  HOST: plain(parse.listenHost, '`127.0.0.1`, in production `::`', '127.0.0.1', 'the address it listens on'),
  SIGNET_MANAGEMENT_PORT: plain(
    portOrOff,
    '`3001`',
    '3001',
    'the port of `/metrics` and `/health/*`; `0` switches the management listener off',
  ),
  SIGNET_MANAGEMENT_HOST: plain(parse.listenHost, '`127.0.0.1`', '127.0.0.1', 'the address of the management listener'),
  DATABASE_URL: secret(
    parse.databaseUrl,
    'embedded PostgreSQL under `SIGNET_DATA_DIR`',
    'postgres://signet:password@db.example.com/signet?sslmode=verify-full',
    'PostgreSQL 14 to 18',
  ),
  DATABASE_DIRECT_URL: secret(
    parse.databaseUrl,
    '`DATABASE_URL`',
    'postgres://signet:password@db.example.com:5432/signet',
    'a connection past PgBouncer, for migrations, notifications and the outbox; its role owns the schema, or has the rights that docs/operations/mail.md names',
  ),
  SIGNET_MIGRATE: plain(
    parse.choice('auto', 'off'),
    '`auto`',
    'auto',
    '`off`: a start on an older schema waits for `signet migrate` and says so in `/health/started`',
  ),
  SIGNET_DATA_DIR: plain(parse.text, '`.signet`', '.signet', 'the embedded database and its state'),
  SIGNET_KEYS_DIR: plain(
    parse.text,
    '`keys`',
    'keys',
    'master keys, the private key of the first admin client, the set-up link',
  ),
  SIGNET_MASTER_KEYS: secret(
    parse.masterKeys,
    'the file `master.key` in the keys directory, made on first start outside production',
    'hLd2yBtX1cVvWnq0E4rT9uY6iO3pA7sD5fG8hJkLzXc',
    'comma-separated base64url keys of 32 bytes; the first encrypts, all decrypt',
  ),
  SIGNET_RESTORE_EPOCH: plain(
    parse.integer(0, 1_000_000),
    'the file `restore-epoch` in the keys directory, which `signet restore-epoch` writes; `0` without it',
    '1',
    'how often the database was restored, for servers that keep no files: raised by one after each restore, it ends all sessions and tokens of before',
  ),
  SIGNET_WORKERS: plain(parse.workers, '`1`', 'auto', 'processes that serve; `auto`: as many as there are cores'),
  SIGNET_TRUSTED_PROXIES: plain(
    parse.ranges,
    'none',
    '10.0.0.0/8,fd00::/8',
    'CIDR ranges whose forwarding headers (and `Client-Cert`) are believed',
  ),
  SIGNET_TLS_CERT_FILE: plain(
    parse.text,
    'none',
    '/etc/signet/tls.crt',
    'the certificate chain, to serve `https` itself; read again when it changes',
  ),
  SIGNET_TLS_KEY_FILE: plain(parse.text, 'none', '/etc/signet/tls.key', 'the private key of the certificate'),
  SIGNET_MTLS_PORT: plain(port, 'none', '3443', 'a second TLS listener, which asks clients for a certificate'),
  SIGNET_MTLS_CLIENT_CA_FILE: plain(
    parse.text,
    'none: only self-signed registration',
    '/etc/signet/client-ca.crt',
    'the authorities that client certificates are checked against',
  ),
  SIGNET_MTLS_URL: plain(
    parse.url('https:'),
    'none',
    'https://mtls.id.example.com',
    'where clients reach that listener; published as `mtls_endpoint_aliases`',
  ),
  SIGNET_PROXY_VERIFIES_CLIENT_CERT: plain(
    parse.flag,
    '`false`',
    'true',
    'a `Client-Cert` header from a trusted proxy counts as verified for `tls_client_auth`',
  ),
  SIGNET_FETCH_ALLOW: plain(
    parse.hostsOrRanges,
    'loopback in development, none in production',
    'localhost,10.1.0.0/16',
    'hosts and CIDR ranges that outgoing fetches may reach although they are private',
  ),
  SIGNET_ADMIN_EMAIL: plain(parse.email, 'none', 'ada@example.com', 'the first administrator, made at first start'),
  SIGNET_ADMIN_PASSWORD: secret(parse.text, 'none', 'a long phrase', 'the first password of that administrator'),
  SMTP_URL: secret(
    parse.smtpUrl,
    'none: in development mail is kept and shown at `/dev/mail` of the management port',
    'smtps://user:password@mail.example.com',
    'the relay that takes outgoing mail; `smtp://` must offer STARTTLS unless it is on this machine or the URL ends with `?tls=off`',
  ),
  SIGNET_MAIL_FROM: plain(parse.mailbox, 'none', 'Signet <id@example.com>', 'the sender of outgoing mail'),
  LOG_LEVEL: plain(
    parse.choice('fatal', 'error', 'warn', 'info', 'debug', 'trace', 'silent'),
    '`info`',
    'info',
    'the least level that is logged',
  ),
  LOG_FORMAT: plain(parse.choice('json', 'pretty'), '`json`; `pretty` on a terminal', 'json', 'logs go to stdout'),
  OTEL_EXPORTER_OTLP_ENDPOINT: plain(
    parse.url('http:', 'https:'),
    'none: no tracing',
    'http://localhost:4318',
    'where traces are sent; the other `OTEL_*` variables are obeyed as OpenTelemetry defines them',
  ),
  OTEL_EXPORTER_OTLP_HEADERS: secret(parse.text, 'none', 'authorization=Bearer …', 'headers sent along with traces'),
  SIGNET_ALLOW_INSECURE_ISSUER: plain(parse.flag, '`false`', 'true', 'in production: an `http` issuer'),
  SIGNET_ALLOW_GENERATED_KEYS: plain(
    parse.flag,
    '`false`',
    'true',
    'in production: a master key file that `signet init` did not make',
  ),
  SIGNET_ALLOW_EMBEDDED_DATABASE: plain(parse.flag, '`false`', 'true', 'in production: the embedded database'),
} as const satisfies Record<string, Variable<unknown>>

export type VariableName = keyof typeof VARIABLES

/** The checked value of each variable that was given. */
export type Values = { readonly [Name in VariableName]?: ReturnType<(typeof VARIABLES)[Name]['parse']> }

/** Every name that may stand in the environment: the variables, and `<NAME>_FILE` for each secret. */
export function knownNames(): string[] {
  return Object.entries(VARIABLES).flatMap(([name, variable]) => (variable.secret ? [name, `${name}_FILE`] : [name]))
}
