/** Tells whether this process has time to spare. */
import { performance } from 'node:perf_hooks'

/** The share of the time in which the event loop had something to do. */
const SATURATED = 0.9

/** The returned function says whether the event loop was busy nearly all the time since this call. */
export function watchEventLoop(): () => boolean {
  const before = performance.eventLoopUtilization()
  return () => performance.eventLoopUtilization(before).utilization >= SATURATED
}
