/** `npm run fuzz -- --minutes N [--seed S]`: a server of its own under bent requests; figures at the end, exit 1 on a fault. */
import { execFileSync } from 'node:child_process'
import { setTimeout as delay } from 'node:timers/promises'
import { parseArgs } from 'node:util'
import { startEmbedded } from '#embedded-postgres/embedded-postgres.ts'
import { atEnd, runEndings } from '../support/endings.ts'
import { type Server, startProcess, temporaryDir } from '../support/server.ts'
import { keep } from './corpus.ts'
import { fuzz, type FuzzFigures } from './run.ts'
import { createStage } from './stage.ts'

const CONCURRENCY = 4
const MEMORY_AFTER_MS = 60_000
const READ_EVERY_MS = 10_000
/** Memory after the run against that after the first minute: a tenth more, and this many bytes. */
const MAX_MORE_BYTES = 20 * 2 ** 20
const MAX_LAG_SECONDS = 0.1

interface Health {
  residentBytes: number
  lagP99Seconds: number
}

async function healthOf({ managementUrl }: Server): Promise<Health> {
  const text = await (await fetch(`${managementUrl}/metrics`)).text()
  const read = (name: string) => Number(new RegExp(`^${name} (.+)$`, 'm').exec(text)?.[1])
  return {
    residentBytes: read('process_resident_memory_bytes'),
    lagP99Seconds: read('signet_event_loop_lag_p99_seconds'),
  }
}

/** The event-loop lag at its worst, which the server tells of about a minute each, and the memory after the first minute. */
function watch(server: Server) {
  const seen: { lag: number; firstMinute: number | undefined } = { lag: 0, firstMinute: undefined }
  const began = Date.now()
  const timer = setInterval(() => {
    void healthOf(server).then(({ residentBytes, lagP99Seconds }) => {
      // what was measured before the first minute is the start of the server
      seen.lag = seen.firstMinute === undefined ? lagP99Seconds : Math.max(seen.lag, lagP99Seconds)
      if (Date.now() - began >= MEMORY_AFTER_MS) seen.firstMinute ??= residentBytes
    })
  }, READ_EVERY_MS)
  return { seen, stop: () => clearInterval(timer) }
}

async function run(minutes: number, seed: number): Promise<boolean> {
  const postgres = await startEmbedded({ dataDir: `${temporaryDir('fuzz')}/data` })
  atEnd(() => postgres.stop())
  const server = await startProcess({ databaseUrl: postgres.url })
  const stage = await createStage(server)
  const { seen, stop } = watch(server)
  const kept = new Set<string>()
  const figures = await fuzz(stage, {
    seed,
    durationMs: minutes * 60_000,
    concurrency: CONCURRENCY,
    onFault({ wire, fault, request, answer }) {
      const key = `${wire.name}: ${fault}`
      if (kept.has(key)) return
      kept.add(key)
      const file = keep({ ...wire, fault, found: `seed ${seed}, request ${request}` }, stage.names)
      print(`${key}\n  ${wire.method} ${wire.target.slice(0, 200)}\n  ${answer.slice(0, 300)}\n  ${file}`)
    },
  })
  stop()
  await delay(READ_EVERY_MS)
  const { residentBytes } = await healthOf(server)
  const errors = server.logLines().filter((line) => line['level'] === 'error')
  for (const line of errors.slice(0, 10)) print(JSON.stringify(line).slice(0, 1500))
  return report({
    minutes,
    seed,
    figures,
    lag: seen.lag,
    firstMinute: seen.firstMinute,
    residentBytes,
    errors: errors.length,
  })
}

interface Outcome {
  readonly minutes: number
  readonly seed: number
  readonly figures: FuzzFigures
  readonly lag: number
  readonly firstMinute: number | undefined
  readonly residentBytes: number
  readonly errors: number
}

function report({ minutes, seed, figures, lag, firstMinute, residentBytes, errors }: Outcome): boolean {
  const limit = firstMinute === undefined ? Infinity : firstMinute * 1.1 + MAX_MORE_BYTES
  const checks = {
    'answers as they should be': Object.keys(figures.faults).length === 0,
    'no error in the log': errors === 0,
    'memory within its limit': residentBytes <= limit,
    'event-loop lag within its limit': lag < MAX_LAG_SECONDS,
  }
  const mib = (bytes: number | undefined) => (bytes === undefined ? undefined : Math.round(bytes / 2 ** 20))
  print(
    JSON.stringify(
      {
        date: new Date().toISOString(),
        commit: execFileSync('git', ['rev-parse', '--short', 'HEAD'], { encoding: 'utf8' }).trim(),
        minutes,
        seed,
        ...figures,
        errors,
        residentMiB: { afterFirstMinute: mib(firstMinute), afterRun: mib(residentBytes), limit: mib(limit) },
        lagP99Ms: Math.round(lag * 1000),
        checks,
      },
      undefined,
      2,
    ),
  )
  return Object.values(checks).every(Boolean)
}

function print(text: string): void {
  process.stdout.write(`${text}\n`)
}

const { values } = parseArgs({ options: { minutes: { type: 'string' }, seed: { type: 'string' } } })
const minutes = Number(values.minutes ?? 1)
const seed = Number(values.seed ?? Math.floor(Math.random() * 2 ** 31))
if (!(minutes > 0) || !Number.isInteger(seed)) {
  process.stderr.write('npm run fuzz -- --minutes N [--seed S]: N is a number above 0, S a whole number.\n')
  process.exit(2)
}
try {
  process.exitCode = (await run(minutes, seed)) ? 0 : 1
} finally {
  await runEndings()
}
