/** Bars in time: judged by night, where the machine does nothing else. An ordinary run may share its cores. */
import { expect } from 'vitest'

/** In `npm run test:soak`: fails when `milliseconds` is not below `limit`. Elsewhere only the test's own timeout judges. */
export function expectInTime(milliseconds: number, limit: number, what?: string): void {
  if (process.env['SIGNET_TEST_SOAK'] !== undefined) expect(milliseconds, what).toBeLessThan(limit)
}
