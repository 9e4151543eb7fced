/** Requests that were once answered wrongly are answered rightly; and ten seconds of new ones, the same each time. */
import { beforeAll, describe, expect, test } from 'vitest'
import { sendRaw } from '../http/loopback.ts'
import { type Server, startServer } from '../support/server.ts'
import { readCorpus, withValues } from './corpus.ts'
import { serialize } from './draft.ts'
import { fuzz } from './run.ts'
import { createStage, type Stage } from './stage.ts'
import { faultsOf } from './verdict.ts'

const SEED = 1
const DURATION_MS = 10_000
let server: Server
let stage: Stage

beforeAll(async () => {
  server = await startServer()
  stage = await createStage(server)
})

describe('a request that was once answered wrongly', () => {
  test.each(readCorpus())('$file ($kept.name: $kept.fault) is answered as it should be', async ({ kept }) => {
    await stage.cast()
    const wire = withValues(kept, stage.names)
    const began = performance.now()
    const answer = await sendRaw(server.port, serialize(wire, `localhost:${server.port}`))
    expect(faultsOf(wire, answer, performance.now() - began, stage)).toEqual([])
  })
})

test(
  'ten seconds of bent requests get no answer that is wrong, late, or tells of the inside',
  { timeout: 60_000 },
  async () => {
    const found: string[] = []
    const figures = await fuzz(stage, {
      seed: SEED,
      durationMs: DURATION_MS,
      concurrency: 3,
      onFault: ({ wire, fault, request }) => found.push(`request ${request}, ${wire.name}: ${fault}`),
    })
    expect(found).toEqual([])
    expect(server.logLines().filter(({ level }) => level === 'error')).toEqual([])
    expect(figures.requests).toBeGreaterThan(100)
    // bent requests are not all refused: some are still right
    expect(Object.keys(figures.statuses)).toEqual(expect.arrayContaining(['200', '303', '400', '401', '404']))
  },
)
