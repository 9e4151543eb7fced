/** One invalid input member: what was received and what is expected. */
export interface Fault {
  field: string
  given: unknown
  expected: string
}

/**
 * The base class of all domain errors. `message` is for the caller: it says what was wrong and what would be right.
 * `logDetail` is only for the log. Edges translate an AppError once, into problem+json, a page or a sentence.
 */
export abstract class AppError extends Error {
  /** One of the codes of the room; an error has no `name` but its class. */
  abstract readonly code: string
  /** The HTTP status that an edge answers with. */
  abstract readonly status: number
  readonly faults: readonly Fault[]
  readonly logDetail: string | undefined

  constructor(message: string, options: { cause?: unknown; faults?: readonly Fault[]; logDetail?: string } = {}) {
    super(message, options.cause === undefined ? undefined : { cause: options.cause })
    this.name = new.target.name
    this.faults = options.faults ?? []
    this.logDetail = options.logDetail
  }
}
