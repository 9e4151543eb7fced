/** What a test file started ends with the file: last started, first ended. */
import { afterAll } from 'vitest'

type Ending = () => unknown

const endings: Ending[] = []

/** Calls `ending` when all tests of this file are done. May be called from anywhere, also inside a test or a hook. */
export function atEnd(ending: Ending): void {
  endings.push(ending)
}

/** Runs for each test file, as one of vitest's set-up files. */
export function registerEndings(): void {
  afterAll(async () => {
    for (let ending = endings.pop(); ending; ending = endings.pop()) await ending()
  }, 60_000)
}
