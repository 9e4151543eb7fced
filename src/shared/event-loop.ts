/** Measures whether the event loop is saturated. */
import { performance } from 'node:perf_hooks'

/** The utilization of the event loop, from 0 to 1, above which it counts as saturated. */
const SATURATED = 0.9

/** Starts a measurement. The returned function says whether the event loop has been saturated since this call. */
export function watchEventLoop(): () => boolean {
  const before = performance.eventLoopUtilization()
  return () => performance.eventLoopUtilization(before).utilization >= SATURATED
}
