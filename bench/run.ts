/**
 * `npm run bench`: machine tokens of Signet, of the engine alone and of the floor, in turns. Under five minutes.
 * Writes bench/results/<date>.md and .json; exits 1 when a bar is missed.
 */
import { parseArgs } from 'node:util'
import { createRemoteJWKSet, jwtVerify } from 'jose'
import { type Contestant, RESOURCE, SCOPE, startBare, startSignet } from './contestants.ts'
import type { Measured, Plan } from './load.ts'
import { processorMilliseconds, residentMegabytes, runBeside } from './processes.ts'
import { inWords, type Part, type Round, summarise, write } from './report.ts'

const { values: options } = parseArgs({
  options: {
    alternations: { type: 'string', default: '5' },
    seconds: { type: 'string', default: '6' },
  },
})

async function load(contestant: Contestant, requests: number): Promise<Part> {
  const plan: Plan = {
    tokenEndpoint: `${contestant.issuer}/token`,
    issuer: contestant.issuer,
    clientId: contestant.clientId,
    privateJwk: contestant.privateJwk,
    resource: RESOURCE,
    scope: SCOPE,
    connections: 32,
    requests,
  }
  const before = processorMilliseconds(contestant.pid)
  const measured = JSON.parse(await runBeside(['bench/load.ts'], JSON.stringify(plan))) as Measured
  const used = (processorMilliseconds(contestant.pid) ?? Number.NaN) - (before ?? Number.NaN)
  const refused = Object.entries(measured.refused).map(([status, { count, body }]) => `${count} × ${status}: ${body}`)
  if (refused.length > 0) throw new Error(`${contestant.name} refused ${refused.join(', ')}`)
  // what was counted are tokens that an API would take
  const jwks = createRemoteJWKSet(new URL(`${contestant.issuer}/jwks`))
  await jwtVerify(measured.token, jwks, { issuer: contestant.issuer, audience: RESOURCE, typ: 'at+jwt' })
  return { ...measured, processorMilliseconds: Number((used / requests).toFixed(3)) }
}

async function alternate(signet: Contestant, bare: Contestant, floor: Contestant): Promise<Round[]> {
  // all three run compiled code before anything counts; the probe tells how many requests fill the time
  for (const contestant of [signet, bare, floor]) await load(contestant, 5000)
  const probe = await load(signet, 1500)
  const requests = Math.round(probe.requestsPerSecond * Number(options.seconds))
  const rounds: Round[] = []
  for (let index = 1; index <= Number(options.alternations); index++) {
    const before = (await signet.commits()) ?? 0
    const mine = await load(signet, requests)
    const commits = ((await signet.commits()) ?? 0) - before
    const round = { signet: mine, bare: await load(bare, requests), floor: await load(floor, requests), commits }
    rounds.push(round)
    const rates = [round.signet, round.bare, round.floor].map(({ requestsPerSecond }) => `${requestsPerSecond}/s`)
    process.stdout.write(`alternation ${index}: signet ${rates[0]}, bare ${rates[1]}, floor ${rates[2]}\n`)
  }
  return rounds
}

const contestants: Contestant[] = []
try {
  const signet = await startSignet()
  contestants.push(signet)
  await new Promise((resolve) => setTimeout(resolve, 3000))
  const idleMegabytes = residentMegabytes(signet.pid)
  const bare = await startBare('bare')
  contestants.push(bare)
  const floor = await startBare('floor')
  contestants.push(floor)
  const rounds = await alternate(signet, bare, floor)
  await new Promise((resolve) => setTimeout(resolve, 5000))
  const figures = { rounds, idleMegabytes, afterLoadMegabytes: residentMegabytes(signet.pid) }
  const summary = summarise(figures)
  process.stdout.write(`\n${inWords(summary, figures)}\n`)
  process.stdout.write(`written to ${write(summary, figures)}\n`)
  process.exitCode = summary.met ? 0 : 1
} finally {
  for (const contestant of contestants) await contestant.stop()
}
