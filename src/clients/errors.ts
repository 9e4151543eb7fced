/** Errors of the clients room. */
import { AppError, type Fault } from '#shared/app-error.ts'

export type ClientErrorCode =
  | 'invalid_client_metadata'
  | 'client_not_found'
  | 'client_exists'
  | 'client_id_deleted'
  | 'client_not_blocked'
  | 'last_administrator'
  | 'client_secret_not_found'
  | 'too_many_secrets'
  | 'client_key_not_found'
  | 'client_key_exists'
  | 'client_key_revoked'
  | 'client_keys_published'
  | 'client_keys_not_published'
  | 'client_keys_not_fetched'
  | 'client_document_refused'
  | 'client_document_not_known'
  | 'too_many_client_documents'

/** 400: lists every faulty member (RFC 7591 §3.2.2). */
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

/** 404: nothing blocks this client document or self-registered app. */
export class ClientNotBlocked extends AppError {
  override readonly code = 'client_not_blocked' satisfies ClientErrorCode
  override readonly status = 404

  constructor(id: string) {
    super(
      `No deletion blocks ${JSON.stringify(id.slice(0, 200))}. Only client documents and public apps that registered themselves without an initial access token are blocked when their client is deleted.`,
    )
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

/** 409: the id belonged to a client that was deleted. Its tokens and audit events must not pass for those of another. */
export class ClientIdDeleted extends AppError {
  override readonly code = 'client_id_deleted' satisfies ClientErrorCode
  override readonly status = 409

  constructor(id: string) {
    super(`The id ${JSON.stringify(id)} belonged to a client that was deleted, and cannot be used again.`, {
      faults: [{ field: 'client_id', given: id, expected: 'an id that no client has or had' }],
    })
  }
}

/** 409: after the change, no client could administer the server. */
export class LastAdministrator extends AppError {
  override readonly code = 'last_administrator' satisfies ClientErrorCode
  override readonly status = 409

  constructor(id: string, { resource, scope }: { resource: string; scope: string }) {
    super(
      `The client ${JSON.stringify(id)} is the last one that can administer this server: enabled, allowed ${scope} of ${resource}, with a working key or secret. Set up another one first. If you lose the last one, run "signet recover" on the server.`,
    )
  }
}

export class ClientSecretNotFound extends AppError {
  override readonly code = 'client_secret_not_found' satisfies ClientErrorCode
  override readonly status = 404

  constructor(id: string, secretId: string) {
    super(`The client ${JSON.stringify(id)} has no secret ${JSON.stringify(secretId.slice(0, 200))}.`)
  }
}

/** 409: the client has the maximum number of secrets; one must be revoked first. */
export class TooManySecrets extends AppError {
  override readonly code = 'too_many_secrets' satisfies ClientErrorCode
  override readonly status = 409

  constructor(id: string, most: number) {
    super(`The client ${JSON.stringify(id)} has ${most} secrets, the most there may be. Revoke one first.`)
  }
}

export class ClientKeyNotFound extends AppError {
  override readonly code = 'client_key_not_found' satisfies ClientErrorCode
  override readonly status = 404

  constructor(id: string, name: string) {
    super(`The client ${JSON.stringify(id)} has no key ${JSON.stringify(name.slice(0, 200))} that could be revoked.`)
  }
}

/** 409: the client has this key already, under any `kid`, or the key was revoked. */
export class ClientKeyTaken extends AppError {
  override readonly code: 'client_key_exists' | 'client_key_revoked'
  override readonly status = 409

  constructor(id: string, isRevoked: boolean) {
    const why = isRevoked ? 'was revoked and stays refused: make a new one' : 'is a key of it already'
    super(`The key given ${why} (client ${JSON.stringify(id)}).`)
    this.code = isRevoked ? 'client_key_revoked' : 'client_key_exists'
  }
}

/** 409: a client with a `jwks_uri` adds its keys there; a client without one has nothing to fetch. */
export class ClientKeysElsewhere extends AppError {
  override readonly code: 'client_keys_published' | 'client_keys_not_published'
  override readonly status = 409

  constructor(id: string, uri: string | undefined) {
    super(
      uri === undefined
        ? `The client ${JSON.stringify(id)} has no jwks_uri: there is nothing to fetch.`
        : `The client ${JSON.stringify(id)} publishes its keys at ${uri}: add the key there.`,
    )
    this.code = uri === undefined ? 'client_keys_not_published' : 'client_keys_published'
  }
}

/** 502: the keys behind a `jwks_uri` could not be fetched or read. */
export class KeysNotFetched extends AppError {
  override readonly code = 'client_keys_not_fetched' satisfies ClientErrorCode
  override readonly status = 502
  /** The reason, as the end of the error message. */
  readonly reason: string

  constructor(reason: string, cause?: unknown) {
    super(`The keys of the client could not be fetched: ${reason}`, { cause })
    this.reason = reason
  }
}

/** Faults of a document that an error names. */
const MAX_TOLD = 3

/**
 * 400: the client id is the address of a document that cannot be used. The message is for everyone, so it does not say
 * what a fetch found: that would let strangers look around with our eyes.
 */
export class ClientDocumentRefused extends AppError {
  override readonly code = 'client_document_refused' satisfies ClientErrorCode
  override readonly status = 400
  /** Why, for administrators. */
  readonly reason: string
  /** What is wrong with the document, for everyone; null when it could not be fetched. */
  readonly documentFaults: string | null

  private constructor(
    message: string,
    { reason, documentFaults, cause }: { reason: string; documentFaults: string | null; cause?: unknown },
  ) {
    super(message, { cause, logDetail: reason })
    this.reason = reason
    this.documentFaults = documentFaults
  }

  /** The document is not asked for at all. */
  static notAccepted(why: string): ClientDocumentRefused {
    return new ClientDocumentRefused(why, { reason: why, documentFaults: null })
  }

  static notFetched(id: string, reason: string, cause?: unknown): ClientDocumentRefused {
    const message = `the client document ${id} could not be fetched; an administrator can see why`
    return new ClientDocumentRefused(message, { reason, documentFaults: null, cause })
  }

  static faulty(id: string, faults: string): ClientDocumentRefused {
    return new ClientDocumentRefused(`the client document ${id} cannot be used: ${faults}`, {
      reason: faults,
      documentFaults: faults,
    })
  }

  static ofFaults(id: string, faults: readonly Fault[]): ClientDocumentRefused {
    const named = faults.slice(0, MAX_TOLD).map(({ field, given, expected }) => {
      const received = given === null ? 'nothing' : JSON.stringify(given).slice(0, 100)
      return `${field} is ${received}, expected is ${expected}`
    })
    return ClientDocumentRefused.faulty(id, named.join('; '))
  }
}

/** 404: nobody has used this document yet, or the client is none of a document. */
export class ClientDocumentNotKnown extends AppError {
  override readonly code = 'client_document_not_known' satisfies ClientErrorCode
  override readonly status = 404

  constructor(id: string) {
    super(`There is no client document ${JSON.stringify(id.slice(0, 200))}.`)
  }
}

/** 429: the host, or this server, is being asked for too many client documents. */
export class TooManyDocuments extends AppError {
  override readonly code = 'too_many_client_documents' satisfies ClientErrorCode
  override readonly status = 429
  readonly retryAfterSeconds: number

  constructor(retryAfterSeconds: number) {
    super(`Too many client documents are being fetched. Try again in ${retryAfterSeconds} seconds.`)
    this.retryAfterSeconds = retryAfterSeconds
  }
}
