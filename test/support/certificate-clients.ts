/** Machine clients of a server that asks for certificates, and what it refuses them. */
import { expect } from 'vitest'
import { API } from './hazard-world.ts'
import type { Identity } from './certificates.ts'
import { type Posted, startTlsWorld, type TlsWorld } from './tls-world.ts'

/** The token request of a machine. */
export const TOKEN = { grant_type: 'client_credentials', resource: API }

export interface CertificateWorld extends TlsWorld {
  /** The certificate that the names of clients with an authority are read from. */
  readonly shop: Identity
  /** Registers a machine for the API, and returns its id. */
  machine(also: Record<string, unknown>): Promise<string>
  /** The same for one that authenticates by a certificate of the authority with this name. */
  byAuthority(name: object): Promise<string>
  /** Expects a refused token request, with its audit event. */
  expectRefused(answer: Posted, refusal: readonly [status: number, error: string, sentence: RegExp]): Promise<void>
}

export async function startCertificateWorld(also: Readonly<Record<string, string>> = {}): Promise<CertificateWorld> {
  const world = await startTlsWorld(also)
  const { admin } = world
  await admin.resource(API, ['posts:read'])

  async function machine(members: Record<string, unknown>): Promise<string> {
    const client = await admin.client('machine', {
      signet_allow: [{ resource: API, scopes: ['posts:read'] }],
      ...members,
    })
    return client.id
  }

  return {
    ...world,
    shop: world.issued(),
    machine,
    byAuthority: (name) => machine({ token_endpoint_auth_method: 'tls_client_auth', ...name }),
    async expectRefused(answer, [status, error, sentence]) {
      expect(answer).toMatchObject({
        status,
        body: { error, error_description: expect.stringMatching(sentence) as string },
      })
      expect(await admin.eventOf('token.refused', answer.headers)).toMatchObject({ outcome: 'failure' })
    },
  }
}
