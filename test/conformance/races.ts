/** Requests that race for one thing: however many come at once, it is spent once. */
export interface Race {
  readonly name: string
  /** Makes the thing to race for; the returned function is one attempt, on a node by its number. */
  begin(): Promise<(node: number) => Promise<Attempt>>
  /** What must hold for the winner after the race. */
  readonly after?: (attempts: readonly Attempt[]) => Promise<void>
}

export interface Attempt {
  readonly status: number
  /** Differs for each time that the thing was spent; undefined where the attempt was refused. */
  readonly spent: string | undefined
  readonly body: Record<string, string>
}

export const CONCURRENCY = 50

/** Runs all attempts at once, over two nodes in turn. */
export async function run(race: Race): Promise<Attempt[]> {
  const attempt = await race.begin()
  const attempts = await Promise.all(Array.from({ length: CONCURRENCY }, (_, index) => attempt(index % 2)))
  await race.after?.(attempts)
  return attempts
}

/** How often the thing was spent. */
export function timesSpent(attempts: readonly Attempt[]): number {
  return new Set(attempts.flatMap(({ spent }) => (spent === undefined ? [] : [spent]))).size
}
