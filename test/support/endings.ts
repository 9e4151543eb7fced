/** Cleans up after a test file, in reverse order. */
import { afterAll } from 'vitest'

type Ending = () => unknown

const endings: Ending[] = []

/** Calls `ending` after all tests of this file. Can be called anywhere, including in a test or a hook. */
export function atEnd(ending: Ending): void {
  endings.push(ending)
}

/** Runs all endings now, for programs that are not test files. */
export async function runEndings(): Promise<void> {
  for (let ending = endings.pop(); ending; ending = endings.pop()) await ending()
}

/** Registers the endings for a test file; called by a vitest setup file. */
export function registerEndings(): void {
  afterAll(runEndings, 120_000)
}
