/** R: what the standards demand, and the tests that hold it. */
import type { Row } from './row.ts'

export const REQUIREMENTS: readonly Row[] = []
