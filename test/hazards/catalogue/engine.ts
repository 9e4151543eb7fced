/** A: what the engine does by itself and must not do here. */
import type { Row } from './row.ts'

export const ENGINE: readonly Row[] = []
