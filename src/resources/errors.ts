/** The errors of the resources room. */
import { AppError, type Fault } from '#shared/app-error.ts'

export type ResourceErrorCode = 'resource_invalid' | 'resource_not_found' | 'resource_exists'

/** 400, with all invalid members. */
export class ResourceInvalid extends AppError {
  override readonly code = 'resource_invalid' satisfies ResourceErrorCode
  override readonly status = 400

  constructor(faults: readonly Fault[]) {
    const fields = [...new Set(faults.map((fault) => fault.field))].join(', ')
    super(`The resource has faults in: ${fields}.`, { faults })
  }
}

export class ResourceNotFound extends AppError {
  override readonly code = 'resource_not_found' satisfies ResourceErrorCode
  override readonly status = 404

  constructor(identifier: string) {
    super(`There is no resource ${JSON.stringify(identifier.slice(0, 512))}.`)
  }
}

/** 409: a client has the identifier as its id. */
export class ResourceIsClient extends AppError {
  override readonly code = 'resource_exists' satisfies ResourceErrorCode
  override readonly status = 409

  constructor(identifier: string) {
    super(`${JSON.stringify(identifier)} is the id of a client, so it cannot name a resource.`, {
      faults: [{ field: 'resource', given: identifier, expected: 'an identifier that is not the id of a client' }],
    })
  }
}

export class ResourceExists extends AppError {
  override readonly code = 'resource_exists' satisfies ResourceErrorCode
  override readonly status = 409

  constructor(identifier: string, options: { cause?: unknown } = {}) {
    super(`A resource ${JSON.stringify(identifier)}, or another spelling of it, exists already.`, {
      ...options,
      faults: [{ field: 'resource', given: identifier, expected: 'an identifier that no other resource has' }],
    })
  }
}
