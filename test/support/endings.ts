/** What a test file started ends with the file: last started, first ended. */
import { afterAll } from 'vitest'

type Ending = () => unknown

const endings: Ending[] = []

/** Calls `ending` when all tests of this file are done. May be called from anywhere, also inside a test or a hook. */
export function atEnd(ending: Ending): void {
  endings.push(ending)
}

/** Ends everything now; for programs that are no test file. */
export async function runEndings(): Promise<void> {
  for (let ending = endings.pop(); ending; ending = endings.pop()) await ending()
}

/** Runs for each test file, as one of vitest's set-up files. */
export function registerEndings(): void {
  afterAll(runEndings, 120_000)
}
