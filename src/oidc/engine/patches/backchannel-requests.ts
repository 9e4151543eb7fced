/**
 * What: `BackchannelAuthenticationRequest.save` stores a new request within the limits of its person and client, in one
 * transaction with its audit event and all that tells the person.
 * Why: the engine saves first and calls `triggerAuthenticationDevice` after that, so a request could be stored that nobody
 * is told of, and nothing bounds how many.
 * Engine: 9.13.3
 * Test: test/flows/ciba.test.ts
 */
import type Provider from 'oidc-provider'
import type { BackchannelAuthenticationRequest } from 'oidc-provider'
import type { NewRequest } from '../../grants/ciba/requests.ts'

export interface BackchannelRequestDeps {
  /** Stores a request. Throws beyond the limits. */
  readonly storeRequest: (request: NewRequest) => Promise<void>
}

interface Model extends Pick<BackchannelAuthenticationRequest, 'remainingTTL' | 'save'> {
  jti?: string
  generateTokenId(): string
  getValueAndPayload(): Promise<Pick<NewRequest, 'value' | 'payload'>>
}

export function storeBackchannelRequests(provider: Provider, { storeRequest }: BackchannelRequestDeps): void {
  const { prototype } = provider.BackchannelAuthenticationRequest as unknown as { prototype: Model }
  // decisions are stored by `grants/ciba/decisions.ts`, so what is saved is new
  prototype.save = async function saveNew() {
    this.jti ??= this.generateTokenId()
    const { value, payload } = await this.getValueAndPayload()
    await storeRequest({ value, payload, ttlSeconds: this.remainingTTL })
    return value
  }
}
