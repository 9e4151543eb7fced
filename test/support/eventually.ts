/** The one place where tests wait: for a sign, never for a fixed time. `test/fixed-delays.test.ts` finds what waits elsewhere. */
import { setTimeout as delay } from 'node:timers/promises'

/**
 * How long another process may take to follow a change, in milliseconds. The product promises a second on a machine
 * that is not busy; a process that was not told looks by itself after four or five, so the limit still tells the two apart.
 */
export const SOON_MS = 3000

/**
 * How long work of the outbox may take, in milliseconds, on a machine so busy that a statement of its runner exceeds its
 * time: the job stays locked for thirty seconds, and is released within another fifteen.
 */
export const DELIVERED_MS = 50_000

/** Runs `check` until it holds. Throws what `otherwise` says after `withinMs`. */
export async function eventually(
  check: () => boolean | Promise<boolean>,
  withinMs = 10_000,
  otherwise: () => string = () => `did not come true within ${withinMs} ms`,
): Promise<void> {
  const deadline = performance.now() + withinMs
  while (!(await check())) {
    if (performance.now() > deadline) throw new Error(otherwise())
    await delay(10)
  }
}
