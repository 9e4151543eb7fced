/** What the clients room refuses. */
import { AppError, type Fault } from '#shared/app-error.ts'

export type ClientErrorCode =
  | 'invalid_client_metadata'
  | 'client_not_found'
  | 'client_exists'
  | 'client_secret_not_found'
  | 'too_many_secrets'

/** 400 with every faulty member (RFC 7591 §3.2.2). */
export class ClientMetadataError extends AppError {
  override readonly code = 'invalid_client_metadata' satisfies ClientErrorCode
  override readonly status = 400

  constructor(faults: readonly Fault[]) {
    const fields = [...new Set(faults.map((fault) => fault.field))].join(', ')
    super(`The client metadata has faults in: ${fields}.`, { faults })
  }
}

export class ClientNotFound extends AppError {
  override readonly code = 'client_not_found' satisfies ClientErrorCode
  override readonly status = 404

  constructor(id: string) {
    super(`There is no client ${JSON.stringify(id.slice(0, 200))}.`)
  }
}

export class ClientExists extends AppError {
  override readonly code = 'client_exists' satisfies ClientErrorCode
  override readonly status = 409

  constructor(id: string) {
    super(`A client ${JSON.stringify(id)} exists already.`, {
      faults: [{ field: 'client_id', given: id, expected: 'an id that no other client has' }],
    })
  }
}

export class ClientSecretNotFound extends AppError {
  override readonly code = 'client_secret_not_found' satisfies ClientErrorCode
  override readonly status = 404

  constructor(id: string, secretId: string) {
    super(`The client ${JSON.stringify(id)} has no secret ${JSON.stringify(secretId.slice(0, 200))}.`)
  }
}

/** 409: a further secret only after one was revoked. */
export class TooManySecrets extends AppError {
  override readonly code = 'too_many_secrets' satisfies ClientErrorCode
  override readonly status = 409

  constructor(id: string, most: number) {
    super(`The client ${JSON.stringify(id)} has ${most} secrets, the most there may be. Revoke one first.`)
  }
}
