/**
 * `npm run conformance:serve`: Signet as the OpenID Foundation's conformance suite needs it, with a configuration file
 * for each test plan (docs/conformance.md). Everything is made anew at each start and removed at the end; Ctrl-C ends it.
 */
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import type { Server } from 'node:http'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { getCACertificates, setDefaultCACertificates } from 'node:tls'
import { startAccountsApi } from './accounts-api.ts'
import { startApprovals } from './approvals.ts'
import { configurationOf } from './configuration.ts'
import { makeCredentials } from './credentials.ts'
import { type ConformanceOptions, ConformanceFailed, HELP, readOptions } from './options.ts'
import { planArgument, PLANS } from './plans.ts'
import { registerAll } from './registration.ts'
import { addressesOf, startServer } from './server.ts'

const stopping = new AbortController()
for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.on(signal, () => stopping.abort())
process.exitCode = await run()

async function run(): Promise<number> {
  try {
    const options = readOptions(process.argv.slice(2))
    if (options !== undefined) return await serve(options)
    process.stdout.write(HELP)
    return 0
  } catch (error) {
    if (stopping.signal.aborted) return 0
    process.stderr.write(`${error instanceof Error ? error.message : String(error)}\n`)
    return error instanceof ConformanceFailed ? 2 : 1
  }
}

async function serve(options: ConformanceOptions): Promise<number> {
  await using life = new AsyncDisposableStack()
  const folder = mkdtempSync(join(tmpdir(), 'signet-conformance-'))
  life.defer(() => rmSync(folder, { recursive: true, force: true }))
  const addresses = addressesOf(options)
  const credentials = await makeCredentials(folder, options.host)
  // this process calls the admin API and the keys of its own server
  setDefaultCACertificates([...getCACertificates('default'), credentials.authority.cert])
  const api = await startAccountsApi(options, addresses, credentials)
  life.defer(() => end(api))
  const server = await startServer({ options, addresses, credentials, folder, env: process.env }, stopping.signal)
  life.defer(() => server.stop())
  const input = { addresses, credentials, keysDir: server.keysDir, suite: options.suite }
  const registrations = await registerAll(input, PLANS)
  const asked = PLANS.filter(({ clients }) => clients === 'ciba').map(registrations.personOf)
  const approvals = await startApprovals(options, addresses.issuer, asked)
  life.defer(() => end(approvals))
  mkdirSync(options.out, { recursive: true, mode: 0o700 })
  const keep = (name: string, text: string) => writeFileSync(join(options.out, name), text, { mode: 0o600 })
  for (const plan of PLANS) {
    const configuration = configurationOf({ addresses, credentials, registrations, options }, plan)
    keep(`${plan.file}.json`, `${JSON.stringify(configuration, null, 2)}\n`)
  }
  keep('plans.txt', PLANS.map((plan) => `${planArgument(plan)} ${plan.file}.json\n`).join(''))
  keep('authority.pem', credentials.authority.cert)
  process.stdout.write(
    `Ready for the conformance suite at ${options.suite}.\n\n  Issuer          ${addresses.issuer}\n` +
      `  Configurations  ${options.out}\n\nThe plans and their files are in plans.txt. Ctrl-C stops the server.\n`,
  )
  await Promise.race([server.ended, aborted(stopping.signal)])
  return stopping.signal.aborted ? 0 : 1
}

function end(listener: Server): void {
  listener.close()
  listener.closeAllConnections()
}

function aborted(signal: AbortSignal): Promise<unknown> {
  return new Promise((resolve) => {
    if (signal.aborted) resolve(undefined)
    else signal.addEventListener('abort', resolve, { once: true })
  })
}
