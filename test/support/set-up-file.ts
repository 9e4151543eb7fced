/** Runs before each test file. */
import { registerEndings } from './endings.ts'

registerEndings()
