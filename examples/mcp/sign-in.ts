/** Signs a person in from a terminal: they open a printed address, and their answer comes to a port of this machine. */
import { randomUUID } from 'node:crypto'
import { once } from 'node:events'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import type { OAuthClientProvider } from '@modelcontextprotocol/client'

export interface SignIn extends Disposable {
  /** What the SDK asks about the client, and where it keeps what it gets: in memory. */
  readonly provider: OAuthClientProvider
  /** The parameters that the person's browser brings back; waits for them. */
  answer(): Promise<URLSearchParams>
}

/** `documentUrl` names the client by its document; without it, the client registers itself. */
export async function openSignIn(documentUrl: string | undefined): Promise<SignIn> {
  let answered = Promise.withResolvers<URLSearchParams>()
  let state = ''
  const server = createServer((request, response) => {
    const { pathname, searchParams } = new URL(request.url ?? '/', 'http://localhost')
    // the SDK leaves the check of state to the client
    const isOurs = pathname === '/callback' && searchParams.get('state') === state
    response.writeHead(isOurs ? 200 : 400, { 'content-type': 'text/plain', connection: 'close' })
    response.end(isOurs ? 'Done. Go back to the terminal.' : 'This is no answer to what the client asked.')
    if (isOurs) answered.resolve(searchParams)
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  const redirectUrl = `http://127.0.0.1:${(server.address() as AddressInfo).port}/callback`

  return {
    provider: {
      ...createMemory(),
      redirectUrl,
      ...(documentUrl === undefined ? {} : { clientMetadataUrl: documentUrl }),
      clientMetadata: {
        client_name: 'Example MCP client',
        redirect_uris: [redirectUrl],
        grant_types: ['authorization_code', 'refresh_token'],
        response_types: ['code'],
        token_endpoint_auth_method: 'none',
      },
      state: () => (state = randomUUID()),
      redirectToAuthorization(url) {
        answered = Promise.withResolvers()
        console.log(`\nOpen this address and answer there:\n\n${url.href}\n`)
      },
    },
    answer: () => answered.promise,
    [Symbol.dispose]: () => void server.close(),
  }
}

type Stored =
  | 'clientInformation'
  | 'saveClientInformation'
  | 'tokens'
  | 'saveTokens'
  | 'codeVerifier'
  | 'saveCodeVerifier'
  | 'discoveryState'
  | 'saveDiscoveryState'

/** A real client keeps this for each MCP server, where no other program can read it. */
function createMemory(): Required<Pick<OAuthClientProvider, Stored>> {
  const kept = new Map<string, unknown>()
  const read = (name: string) => () => kept.get(name) as never
  const write = (name: string) => (value: unknown) => void kept.set(name, value)
  return {
    clientInformation: read('client'),
    saveClientInformation: write('client'),
    tokens: read('tokens'),
    saveTokens: write('tokens'),
    codeVerifier: read('verifier'),
    saveCodeVerifier: write('verifier'),
    discoveryState: read('discovery'),
    saveDiscoveryState: write('discovery'),
  }
}
