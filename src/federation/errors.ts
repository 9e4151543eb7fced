/** Errors of upstream providers and their links. */
import { AppError, type Fault } from '#shared/app-error.ts'

/** 400: lists every faulty member. */
export class UpstreamInvalid extends AppError {
  override readonly code = 'upstream_invalid'
  override readonly status = 400

  constructor(faults: readonly Fault[]) {
    const fields = [...new Set(faults.map((fault) => fault.field))].join(', ')
    super(`The upstream provider has faults in: ${fields}.`, { faults })
  }
}

export class UpstreamNotFound extends AppError {
  override readonly code = 'upstream_not_found'
  override readonly status = 404

  constructor(id: string) {
    super(`There is no upstream provider ${JSON.stringify(id.slice(0, 100))}.`)
  }
}

/** 409: another provider has the id or the domain. */
export class UpstreamExists extends AppError {
  override readonly code = 'upstream_exists'
  override readonly status = 409

  constructor(field: 'id' | 'domains', given: string) {
    const what = field === 'id' ? `the id ${JSON.stringify(given)}` : `the domain ${given}`
    super(`Another upstream provider has ${what}.`, {
      faults: [{ field, given, expected: 'what no other upstream provider has' }],
    })
  }
}

/** 404: the account does not have this link. */
export class LinkNotFound extends AppError {
  override readonly code = 'link_not_found'
  override readonly status = 404

  constructor() {
    super('The account is not linked to this provider.')
  }
}

/** 503: the provider does not respond, or not like an OpenID provider. */
export class UpstreamUnavailable extends AppError {
  override readonly code = 'upstream_unavailable'
  override readonly status = 503
  readonly retryAfterSeconds = 30
  /** The provider's display name. */
  readonly upstream: string

  constructor(upstream: string, cause: unknown) {
    super(`${upstream} cannot be asked at this moment; try again in a while.`, { cause })
    this.upstream = upstream
  }
}
