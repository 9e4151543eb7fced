/** Runs before each test file. */
import { registerEndings } from './endings.ts'
import { reuseKeyPairs } from './key-pairs.ts'

registerEndings()
reuseKeyPairs()
