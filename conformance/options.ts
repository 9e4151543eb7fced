/** The options of `npm run conformance:serve`: where the suite reaches this server, and where this server reaches the suite. */
import { resolve } from 'node:path'
import { parseArgs } from 'node:util'

export interface ConformanceOptions {
  /** The origin of the suite, as browsers and this server reach it. */
  readonly suite: string
  /** The file of the authority that issued the suite's certificate; undefined if every machine knows it. */
  readonly suiteCa: string | undefined
  /** The host name of the issuer, as the suite reaches it. */
  readonly host: string
  /** The address that all listeners bind to. */
  readonly listen: string
  readonly ports: Readonly<Record<PortName, number>>
  /** Where the configuration files are written. */
  readonly out: string
}

type PortName = 'issuer' | 'management' | 'mtls' | 'api' | 'approval'

/** Stops with one sentence. */
export class ConformanceFailed extends Error {
  override readonly name = 'ConformanceFailed'
}

const OPTIONS = {
  suite: { type: 'string', default: 'https://localhost.emobix.co.uk:8443' },
  'suite-ca': { type: 'string' },
  host: { type: 'string', default: 'localhost' },
  listen: { type: 'string', default: '127.0.0.1' },
  port: { type: 'string', default: '3000' },
  'management-port': { type: 'string', default: '3001' },
  'mtls-port': { type: 'string', default: '3002' },
  'api-port': { type: 'string', default: '3003' },
  'approval-port': { type: 'string', default: '3004' },
  out: { type: 'string', default: '.signet/conformance' },
  help: { type: 'boolean', default: false },
} as const

export const HELP = `Starts Signet for the OpenID Foundation's conformance suite (docs/conformance.md).

  --suite URL             where the suite is (${OPTIONS.suite.default})
  --suite-ca FILE         the authority of the suite's certificate (PEM)
  --host NAME             the host name by which the suite reaches this server (${OPTIONS.host.default})
  --listen ADDRESS        the address to listen on (${OPTIONS.listen.default}; 0.0.0.0 for a suite in a container)
  --port, --management-port, --mtls-port, --api-port, --approval-port PORT
                          the ports (3000 to 3004)
  --out DIRECTORY         where the configuration files are written (${OPTIONS.out.default})
`

/** Returns the options, or undefined when help was asked for. Throws ConformanceFailed. */
export function readOptions(args: readonly string[]): ConformanceOptions | undefined {
  const given = parse(args)
  if (given.help) return undefined
  const suite = URL.parse(given.suite)
  if (suite?.protocol !== 'https:' || suite.pathname !== '/') {
    throw new ConformanceFailed(`--suite must be an https origin such as ${OPTIONS.suite.default}, not ${given.suite}.`)
  }
  if (!/^[a-z0-9](?:[a-z0-9.-]*[a-z0-9])?$/.test(given.host)) {
    throw new ConformanceFailed(`--host must be a host name such as host.docker.internal, not ${given.host}.`)
  }
  return {
    suite: suite.origin,
    suiteCa: given['suite-ca'] === undefined ? undefined : resolve(given['suite-ca']),
    host: given.host,
    listen: given.listen,
    ports: {
      issuer: portOf(given, 'port'),
      management: portOf(given, 'management-port'),
      mtls: portOf(given, 'mtls-port'),
      api: portOf(given, 'api-port'),
      approval: portOf(given, 'approval-port'),
    },
    out: resolve(given.out),
  }
}

function parse(args: readonly string[]) {
  try {
    return parseArgs({ args: [...args], options: OPTIONS, strict: true }).values
  } catch (error) {
    throw new ConformanceFailed(`${(error as Error).message}\n\n${HELP}`)
  }
}

function portOf(given: Readonly<Record<string, unknown>>, name: string): number {
  const port = Number(given[name])
  if (Number.isInteger(port) && port >= 1 && port <= 65_535) return port
  throw new ConformanceFailed(`--${name} must be a port from 1 to 65535, not ${String(given[name])}.`)
}
