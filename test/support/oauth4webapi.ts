/** What clients that use oauth4webapi have in common: the discovered issuer, and the whole flow of FAPI 2.0. */
import * as oauth from 'oauth4webapi'
import { API, CALLBACK } from './hazard-world.ts'
import { person } from './person.ts'
import type { Reachable } from './server.ts'

/** Lets the library speak plain HTTP. */
export const PLAIN_HTTP = { [oauth.allowInsecureRequests]: true as const }

export async function discoverServer(issuer: string, options: object = PLAIN_HTTP): Promise<oauth.AuthorizationServer> {
  const url = new URL(issuer)
  return oauth.processDiscoveryResponse(url, await oauth.discoveryRequest(url, options))
}

export interface Fapi2Run {
  readonly server: Reachable
  readonly as: oauth.AuthorizationServer
  readonly own: oauth.Client
  readonly prove: oauth.ClientAuth
  /** What requests are sent with: the transport, and DPoP. */
  readonly sent: object
  readonly who: { readonly email: string; readonly password: string }
  /** FAPI 2.0 Message Signing: signs the request, and asks for signed answers. */
  readonly signWith?: oauth.PrivateKey
}

export interface Fapi2Result {
  /** Where the browser came back to. */
  readonly left: URL
  readonly tokens: oauth.TokenEndpointResponse
  /** Refreshes with other options. */
  refresh(also?: object): Promise<oauth.TokenEndpointResponse>
}

/** Takes a person through the flow: a pushed request, sign-in, and tokens for the API. */
export async function throughFapi2({ server, as, own, prove, sent, who, signWith }: Fapi2Run): Promise<Fapi2Result> {
  const verifier = oauth.generateRandomCodeVerifier()
  const request = {
    response_type: 'code',
    redirect_uri: CALLBACK,
    scope: 'openid offline_access posts:read',
    resource: API,
    state: 'st',
    code_challenge: await oauth.calculatePKCECodeChallenge(verifier),
    code_challenge_method: 'S256',
    ...(signWith && { response_mode: 'jwt' }),
  }
  const params = signWith ? { request: await oauth.issueRequestObject(as, own, request, signWith) } : request
  const pushed = await oauth.processPushedAuthorizationResponse(
    as,
    own,
    await oauth.pushedAuthorizationRequest(as, own, prove, params, sent),
  )
  const query = new URLSearchParams({ client_id: own.client_id, request_uri: pushed.request_uri })
  const left = await person(() => server).authorize(`${server.issuer}/authorize?${query.toString()}`, who)
  const answer = signWith
    ? await oauth.validateJwtAuthResponse(as, own, left, 'st', sent)
    : oauth.validateAuthResponse(as, own, left, 'st')
  const also = { ...sent, additionalParameters: { resource: API } }
  const response = await oauth.authorizationCodeGrantRequest(as, own, prove, answer, CALLBACK, verifier, also)
  const tokens = await oauth.processAuthorizationCodeResponse(as, own, response)
  return {
    left,
    tokens,
    async refresh(other = {}) {
      const token = tokens.refresh_token as string
      const answered = await oauth.refreshTokenGrantRequest(as, own, prove, token, { ...sent, ...other })
      return oauth.processRefreshTokenResponse(as, own, answered)
    },
  }
}
