/** Foreign clients against a live server: `npm run test:interop`. Skipped, in one line, where they are not installed. */
import { spawnSync } from 'node:child_process'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { startVitest } from 'vitest/node'

const python = process.env['PYTHON'] ?? '/usr/bin/python3'

if (spawnSync(python, ['-c', 'import flask, authlib']).status !== 0) {
  console.log(`skipped: ${python} has no flask and authlib (apt install python3-flask python3-authlib)`)
} else {
  const file = fileURLToPath(import.meta.resolve('../test/interop/flask-authlib.interop.ts'))
  // Not named `.test.ts`: the other tests need nothing that npm does not install.
  await startVitest('test', [], { root: join(import.meta.dirname, '..'), include: [file], watch: false })
}
