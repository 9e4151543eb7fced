/** The tests of `npm run mutate`, each file in the process of the mutant. */
import { join } from 'node:path'
import { defineConfig } from 'vitest/config'
import { TESTS } from './targets.ts'

export default defineConfig({
  root: join(import.meta.dirname, '../..'),
  test: {
    include: [...TESTS],
    setupFiles: ['test/support/set-up-file.ts'],
    isolate: false,
    execArgv: ['--disable-warning=ExperimentalWarning'],
    testTimeout: 10_000,
  },
})
