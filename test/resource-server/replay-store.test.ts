/** The store of used DPoP proofs in memory. */
import { expect, test } from 'vitest'
import { createMemoryReplayStore } from '#resource-server/dpop/replay-store.ts'

test('remembers a key until its time, and not longer', async () => {
  let now = 1000
  const store = createMemoryReplayStore(() => new Date(now))
  expect(await store.remember('a', new Date(2000))).toBe(true)
  expect(await store.remember('b', new Date(3000))).toBe(true)
  now = 2000
  expect(await store.remember('a', new Date(4000))).toBe(false)
  now = 2001
  expect(await store.remember('b', new Date(4000))).toBe(false)
  expect(await store.remember('a', new Date(4000))).toBe(true)
})
