/** Takes migrations back, to the schema of an earlier release. */
import { rollback } from '#database/migrate.ts'

/** Takes back this step and every later one. */
export async function takeBack(url: string, step: string): Promise<void> {
  for (;;) {
    const taken = await rollback({ url })
    if (taken.includes(step)) return
    if (taken.length === 0) throw new Error(`there is no step ${step} to take back`)
  }
}
