/** F: what breaks around the server, and the tests by which it says so and comes back. */
import type { Row } from './row.ts'

export const FAULTS: readonly Row[] = [
  { id: 'F1', feature: 'core', title: 'PostgreSQL restarts: only requests under way are refused.', tests: {} },
]
