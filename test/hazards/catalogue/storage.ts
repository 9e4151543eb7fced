/** S: races and secrets of the store. */
import type { Row } from './row.ts'

export const STORAGE: readonly Row[] = []
