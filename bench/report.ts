/** The figures of one benchmark in words and as JSON. */
import { mkdirSync, writeFileSync } from 'node:fs'
import { cpus } from 'node:os'
import { join } from 'node:path'
import type { Measured } from './load.ts'
import { pinned, ROOT } from './processes.ts'

/** What one server did with its share of an alternation. */
export interface Part extends Measured {
  /** Processor time of the server process for one request. */
  readonly processorMilliseconds: number
}

export interface Round {
  readonly signet: Part
  readonly bare: Part
  readonly floor: Part
  /** Commits in Signet's database during its part. */
  readonly commits: number
}

export interface Figures {
  readonly rounds: readonly Round[]
  /** Resident memory of Signet's process in MB before the first request and some seconds after the last. */
  readonly idleMegabytes: number | undefined
  readonly afterLoadMegabytes: number | undefined
}

export const BARS = { ratio: 0.75, commitsPerRequest: 1, idleMegabytes: 200 } as const

export function median(values: readonly number[]): number {
  const sorted = values.toSorted((a, b) => a - b)
  const middle = Math.floor(sorted.length / 2)
  const high = sorted[middle] ?? Number.NaN
  return sorted.length % 2 === 1 ? high : ((sorted[middle - 1] ?? Number.NaN) + high) / 2
}

export interface Summary {
  readonly date: string
  readonly requestsPerSecond: Record<'signet' | 'bare' | 'floor', number>
  readonly p99Milliseconds: Record<'signet' | 'bare' | 'floor', number>
  readonly processorMilliseconds: Record<'signet' | 'bare' | 'floor', number>
  /** Medians of the ratio within each alternation. */
  readonly signetToBare: number
  readonly signetToFloor: number
  readonly commitsPerRequest: number
  readonly idleMegabytes: number | undefined
  readonly afterLoadMegabytes: number | undefined
  readonly met: boolean
}

export function summarise({ rounds, idleMegabytes, afterLoadMegabytes }: Figures): Summary {
  const of = (name: 'signet' | 'bare' | 'floor', value: (part: Part) => number): number =>
    Number(median(rounds.map((round) => value(round[name]))).toFixed(2))
  const each = (value: (part: Part) => number) => ({
    signet: of('signet', value),
    bare: of('bare', value),
    floor: of('floor', value),
  })
  const ratio = (name: 'bare' | 'floor'): number =>
    Number(median(rounds.map((round) => round.signet.requestsPerSecond / round[name].requestsPerSecond)).toFixed(3))
  const commitsPerRequest = Number(median(rounds.map((round) => round.commits / round.signet.requests)).toFixed(3))
  const signetToBare = ratio('bare')
  return {
    date: new Date().toISOString(),
    requestsPerSecond: each((part) => part.requestsPerSecond),
    p99Milliseconds: each((part) => part.milliseconds.p99),
    processorMilliseconds: each((part) => part.processorMilliseconds),
    signetToBare,
    signetToFloor: ratio('floor'),
    commitsPerRequest,
    idleMegabytes,
    afterLoadMegabytes,
    met:
      signetToBare >= BARS.ratio &&
      commitsPerRequest <= BARS.commitsPerRequest &&
      (idleMegabytes ?? 0) <= BARS.idleMegabytes,
  }
}

export function inWords(summary: Summary, figures: Figures): string {
  const row = (label: string, values: Record<'signet' | 'bare' | 'floor', number>): string =>
    `| ${label} | ${values.signet} | ${values.bare} | ${values.floor} |`
  const rounds = figures.rounds.map((round, index) =>
    row(`requests/s, alternation ${index + 1}`, {
      signet: round.signet.requestsPerSecond,
      bare: round.bare.requestsPerSecond,
      floor: round.floor.requestsPerSecond,
    }),
  )
  const cpu = cpus()
  return `# Machine tokens, ${summary.date.slice(0, 10)}

\`client_credentials\` with a signed assertion (\`private_key_jwt\`, ES256) for a JWT access token (ES256) of one API,
32 connections, assertions signed beforehand.

| | Signet | oidc-provider alone, in memory | floor |
|---|--:|--:|--:|
${row('requests/s, median', summary.requestsPerSecond)}
${row('p99 in ms, median', summary.p99Milliseconds)}
${row('processor time of the server process a request, ms, median', summary.processorMilliseconds)}
${rounds.join('\n')}

| | measured | bar |
|---|--:|--:|
| Signet to oidc-provider alone (median of the alternations) | ${summary.signetToBare} | at least ${BARS.ratio} |
| Signet to the floor | ${summary.signetToFloor} | |
| commits per request | ${summary.commitsPerRequest} | at most ${BARS.commitsPerRequest} |
| resident memory of the server before load, MB | ${summary.idleMegabytes ?? 'not known here'} | at most ${BARS.idleMegabytes} |
| the same, some seconds after load, MB | ${summary.afterLoadMegabytes ?? 'not known here'} | |

**How.** Signet is one process on its embedded PostgreSQL (\`fsync\` and \`synchronous_commit\` on) with audit, metrics and
logs on. The floor is a \`node:http\` server that verifies the assertion and signs the token, without any store. The three
take turns in one run, so that a noisy machine is noisy for all; every part has the same number of requests.
${pinned ? 'The server under test has core 0 for itself; the database and the load generator share core 1, and the load yields.' : 'Nothing was pinned to a core.'}
${cpu.length} × ${cpu[0]?.model ?? 'unknown'}, Node ${process.versions.node}, ${process.platform} ${process.arch}.

**Repeat it** with \`npm ci && npm run bench\`.
`
}

/** Writes both forms to bench/results and returns the path of the one in words. */
export function write(summary: Summary, figures: Figures): string {
  const folder = join(ROOT, 'bench/results')
  mkdirSync(folder, { recursive: true })
  const path = join(folder, summary.date.slice(0, 10))
  const rounds = figures.rounds.map(({ commits, ...measured }) => ({
    commits,
    ...Object.fromEntries(Object.entries(measured).map(([name, { token: _token, ...rest }]) => [name, rest])),
  }))
  writeFileSync(`${path}.json`, `${JSON.stringify({ ...summary, rounds }, undefined, 2)}\n`)
  writeFileSync(`${path}.md`, inWords(summary, figures))
  return `${path}.md`
}
