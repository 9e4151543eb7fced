/** A client of the `fapi2` profile: each request has an assertion, and a DPoP proof if there is a key. */
import type { JWK } from 'jose'
import { PASSWORD, type RegisteredClient } from './administrator.ts'
import type { TokenAnswer } from './app.ts'
import { assertionParams } from './assertion.ts'
import { ALLOWED, CALLBACK, EVERYTHING, type Stage } from './hazard-world.ts'
import { type Person, pkce } from './person.ts'
import type { ProofKey } from './proof-key.ts'

/** How a request differs from a valid one. */
export interface Sent {
  readonly claims?: Record<string, unknown>
  readonly header?: Record<string, unknown>
  readonly key?: JWK
  readonly proof?: Pick<ProofKey, 'proof'>
}

export interface Fapi2Client {
  readonly client: RegisteredClient
  readonly who: { readonly email: string; readonly password: string }
  send(path: string, params: Record<string, string>, sent?: Sent): Promise<TokenAnswer>
  /** Returns the parameters of an authorization request; an empty string removes one. */
  request(also?: Record<string, string>): { params: Record<string, string>; verifier: string }
  /** Returns the authorization URL of a pushed request. */
  addressOf(pushed: TokenAnswer): string
  /** Pushes a request, takes a person through it, and returns the parameters of the token request. */
  code(
    browser: Person,
    sent?: Sent,
    also?: Record<string, string>,
  ): Promise<{ left: URL; redeem: Record<string, string> }>
}

/** Registers the client, and an account that signs in to it. */
export async function fapi2Client({ first: server, admin }: Stage): Promise<Fapi2Client> {
  const who = { email: 'ada@bank.example', password: PASSWORD }
  await admin.account(who.email, who.password)
  const client = await admin.client('fapi2', ALLOWED)

  const self: Fapi2Client = {
    client,
    who,
    async send(path, params, { key = client.key, proof, ...bent } = {}) {
      const own = await assertionParams({ issuer: server.issuer, clientId: client.id, key, ...bent })
      const response = await server.fetch(path, {
        method: 'POST',
        headers: proof ? await proof.proof({ url: server.issuer + path }) : {},
        body: new URLSearchParams({ ...own, ...params }),
      })
      const body = (await response.json()) as Record<string, string>
      return { status: response.status, body, headers: response.headers }
    },
    request(also = {}) {
      const { verifier, challenge } = pkce()
      const params: Record<string, string> = {
        client_id: client.id,
        response_type: 'code',
        redirect_uri: CALLBACK,
        ...EVERYTHING,
        state: 'st',
        code_challenge: challenge,
        code_challenge_method: 'S256',
        ...also,
      }
      return { params: Object.fromEntries(Object.entries(params).filter(([, value]) => value !== '')), verifier }
    },
    addressOf({ body }) {
      const query = new URLSearchParams({ client_id: client.id, request_uri: body['request_uri'] as string })
      return `${server.issuer}/authorize?${query.toString()}`
    },
    async code(browser, sent, also) {
      const { params, verifier } = self.request(also)
      const left = await browser.authorize(self.addressOf(await self.send('/par', params, sent)), who)
      const redeem = {
        grant_type: 'authorization_code',
        code: left.searchParams.get('code') as string,
        redirect_uri: CALLBACK,
        code_verifier: verifier,
      }
      return { left, redeem }
    },
  }
  return self
}
