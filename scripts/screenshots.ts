/** Pictures of every page, in each language, light and dark, on a phone and on a desktop: `test/artifacts/*.png`. */
import { spawnSync } from 'node:child_process'
import { readdirSync, rmSync } from 'node:fs'
import { join } from 'node:path'

const ROOT = join(import.meta.dirname, '..')
const ARTIFACTS = join(ROOT, 'test/artifacts')
/** The browser tests that walk all pages take the pictures on their way. */
const WALKS = ['test/browser/pages.test.ts', 'test/browser/account-pages.test.ts']

rmSync(ARTIFACTS, { recursive: true, force: true })
const vitest = join(ROOT, 'node_modules/.bin/vitest')
const { status } = spawnSync(vitest, ['run', ...WALKS], {
  cwd: ROOT,
  stdio: 'inherit',
  env: { ...process.env, SIGNET_TEST_SCREENSHOTS: '1' },
})
const pictures = readdirSync(ARTIFACTS).filter((name) => name.endsWith('.png'))
process.stdout.write(`${pictures.length} pictures in test/artifacts\n`)
process.exitCode = status ?? 1
