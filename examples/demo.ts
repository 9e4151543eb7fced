/**
 * `npm run demo`: the server, an example app and an example API, already registered, with a person to sign in as.
 * The server is started as by `npm start` and takes the same settings; DEMO_APP_PORT (4000) and DEMO_API_PORT (4001)
 * move the examples. Ctrl-C stops all three.
 */
import { spawn, type ChildProcess } from 'node:child_process'
import { once } from 'node:events'
import { createServer, type Server } from 'node:http'
import { join, resolve } from 'node:path'
import { setTimeout as delay } from 'node:timers/promises'
import { styleText } from 'node:util'
import type Koa from 'koa'
import { loadClientConfig } from '#config/load.ts'
import { readEnvironment } from '#config/env.ts'
import { createApi } from './api/api.ts'
import { register, type Registration } from './demo/registration.ts'
import { createSignetCommand, SIGNET } from './demo/signet-command.ts'
import { createRelyingParty } from './relying-party/app.ts'

const START_TIMEOUT_MS = 60_000

/** Stops the demo with one sentence. */
class DemoFailed extends Error {
  override readonly name = 'DemoFailed'
}

interface Places {
  readonly issuer: string
  readonly app: URL
  readonly api: URL
}

const stopping = new AbortController()
for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.on(signal, () => stopping.abort())
process.exitCode = await run()

async function run(): Promise<number> {
  const env = readEnvironment()
  await using life = new AsyncDisposableStack()
  try {
    const places = {
      issuer: loadClientConfig(env).issuer,
      app: placeOf(env, 'DEMO_APP_PORT', 4000),
      api: placeOf(env, 'DEMO_API_PORT', 4001),
    }
    // Both ports are taken before anything is registered for them.
    const [app, api] = [await listen(places.app), await listen(places.api)]
    life.defer(() => close(app))
    life.defer(() => close(api))
    const server = startServer(env)
    life.defer(() => stop(server))
    await untilItAnswers(server, places.issuer)
    const registration = await registerAll(env, places)
    serve(api, createApi({ issuer: places.issuer, identifier: places.api.origin }))
    const { clientId, key } = registration
    const relyingParty = { issuer: places.issuer, clientId, key, url: places.app.origin, api: places.api.origin }
    serve(app, await createRelyingParty(relyingParty))
    sayReady(places, registration)
    await Promise.race([aborted(stopping.signal), once(server, 'exit')])
    return server.exitCode ?? 0
  } catch (error) {
    if (stopping.signal.aborted) return 0
    process.stderr.write(`${error instanceof Error ? error.message : String(error)}\n`)
    return 1
  }
}

function placeOf(env: Readonly<Record<string, string | undefined>>, variable: string, usual: number): URL {
  const port = Number(env[variable] || usual)
  if (!Number.isInteger(port) || port < 1 || port > 65_535) {
    throw new DemoFailed(`${variable} must be a port from 1 to 65535, such as ${usual}.`)
  }
  return new URL(`http://localhost:${port}`)
}

async function listen({ port }: URL): Promise<Server> {
  const server = createServer()
  server.listen(Number(port), 'localhost')
  try {
    await once(server, 'listening')
    return server
  } catch (cause) {
    const sentence = `Port ${port} is taken: end what listens there, or set DEMO_APP_PORT and DEMO_API_PORT.`
    throw new DemoFailed(sentence, { cause })
  }
}

function serve(server: Server, app: Koa): void {
  server.on('request', app.callback())
}

async function close(server: Server): Promise<void> {
  server.close()
  server.closeAllConnections()
}

/** Quiet unless a level is asked for: the demo has its own few lines to say. */
function startServer(env: Readonly<Record<string, string | undefined>>): ChildProcess {
  return spawn(process.execPath, [...process.execArgv, SIGNET, 'serve'], {
    env: { LOG_LEVEL: 'warn', ...env },
    stdio: ['ignore', 'pipe', 'inherit'],
  })
}

/** On a terminal Ctrl-C has reached it already; it takes the two for one wish. */
async function stop(server: ChildProcess): Promise<void> {
  if (server.exitCode !== null || server.signalCode !== null) return
  const ended = once(server, 'exit')
  server.kill('SIGTERM')
  await ended
}

async function untilItAnswers(server: ChildProcess, issuer: string): Promise<void> {
  server.stdout?.pipe(process.stdout)
  const deadline = Date.now() + START_TIMEOUT_MS
  while (Date.now() < deadline && !stopping.signal.aborted) {
    if (server.exitCode !== null || server.signalCode !== null) throw new DemoFailed('The server did not start.')
    const response = await fetch(`${issuer}/.well-known/openid-configuration`).catch(() => undefined)
    if (response?.status === 200) return
    await delay(50)
  }
  throw new DemoFailed(`The server did not answer at ${issuer} within ${START_TIMEOUT_MS / 1000} seconds.`)
}

async function registerAll(env: Readonly<Record<string, string | undefined>>, places: Places): Promise<Registration> {
  return register({
    signet: createSignetCommand({ ...env, SIGNET_ISSUER: places.issuer }),
    folder: join(resolve(env['SIGNET_DATA_DIR'] ?? '.signet'), 'demo'),
    appUrl: places.app.origin,
    apiUrl: places.api.origin,
  })
}

function aborted(signal: AbortSignal): Promise<unknown> {
  return signal.aborted ? Promise.resolve() : once(signal, 'abort')
}

function sayReady(places: Places, { person }: Registration): void {
  const bold = (text: string): string => styleText('bold', text)
  const line = (name: string, value: string): string => `  ${name.padEnd(12)}${value}\n`
  process.stdout.write(
    `\nThe demo is ready. Open ${bold(places.app.origin)} and sign in:\n\n` +
      line('E-mail', bold(person.email)) +
      line('Password', bold(person.password)) +
      `\n${line('App', places.app.origin)}${line('API', `${places.api.origin}/api/posts`)}${line('Server', places.issuer)}\n` +
      'Ctrl-C stops all three.\n',
  )
}
