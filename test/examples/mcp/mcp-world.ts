/** A server, the example MCP server beside it, and both generations of the official SDK's client. */
import { once } from 'node:events'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { Client as Client1 } from '@modelcontextprotocol/sdk/client/index.js'
import { StreamableHTTPClientTransport as Transport1 } from '@modelcontextprotocol/sdk/client/streamableHttp.js'
import {
  Client as Client2,
  type OAuthDiscoveryState,
  StreamableHTTPClientTransport as Transport2,
} from '@modelcontextprotocol/client'
import { expect } from 'vitest'
import { createMcpApp } from '../../../examples/mcp/app.ts'
import { administrator, type Administrator, PASSWORD } from '../../support/administrator.ts'
import { atEnd } from '../../support/endings.ts'
import { person } from '../../support/person.ts'
import type { Server } from '../../support/server.ts'

export const READ = 'notes:read'
export const WRITE = 'notes:write'
export const CALLBACK = 'http://127.0.0.1:33418/callback'
export const ada = { email: 'ada@example.com', password: PASSWORD }

export interface McpWorld {
  readonly admin: Administrator
  /** The URL of the MCP server: all that a client is told. */
  readonly url: string
}

/** Starts the example, registers it as a resource with open scopes, and makes an account. */
export async function mcpWorld(server: Server): Promise<McpWorld> {
  const listener = createServer()
  listener.listen(0, 'localhost')
  await once(listener, 'listening')
  atEnd(() => (listener.closeAllConnections(), listener.close()))
  const url = `http://localhost:${(listener.address() as AddressInfo).port}/mcp`
  listener.on('request', createMcpApp({ issuer: server.issuer, resource: url }))
  const admin = await administrator(server)
  await admin.account(ada.email, ada.password)
  await admin.resource(url, [READ, WRITE], { open_scopes: [READ, WRITE] })
  return { admin, url }
}

/** What a client keeps, as both generations of the SDK hand it over. */
interface Kept {
  client?: { client_id: string; client_secret?: string }
  tokens?: { access_token: string; token_type: string; refresh_token?: string; scope?: string }
  verifier?: string
  discovery?: OAuthDiscoveryState
  /** Where the client sends the person. */
  sentTo?: URL
}

/** The memory of a client without a window: it keeps what it is given, and where it would send the person. */
export function memory(clientMetadataUrl?: string) {
  const kept: Kept = {}
  return {
    kept,
    ...(clientMetadataUrl === undefined ? {} : { clientMetadataUrl }),
    redirectUrl: CALLBACK,
    clientMetadata: {
      client_name: 'Example client',
      redirect_uris: [CALLBACK],
      grant_types: ['authorization_code', 'refresh_token'],
      response_types: ['code'],
      token_endpoint_auth_method: 'none',
    },
    clientInformation: () => kept.client,
    saveClientInformation: (client: NonNullable<Kept['client']>) => void (kept.client = client),
    tokens: () => kept.tokens,
    saveTokens: (tokens: NonNullable<Kept['tokens']>) => void (kept.tokens = tokens),
    redirectToAuthorization: (url: URL) => void (kept.sentTo = url),
    saveCodeVerifier: (verifier: string) => void (kept.verifier = verifier),
    codeVerifier: () => kept.verifier ?? '',
    discoveryState: () => kept.discovery,
    saveDiscoveryState: (state: OAuthDiscoveryState) => void (kept.discovery = state),
  }
}

type Provider = ReturnType<typeof memory>
type AnyProvider = Provider | NonNullable<ConstructorParameters<typeof Transport2>[1]>['authProvider']

export interface Sdk {
  readonly connect: () => Promise<void>
  /** Takes the person's answer from the redirect URI, as the SDK's documentation says. */
  readonly finish: (answer: URL) => Promise<void>
  readonly tools: () => Promise<string[]>
  readonly call: (name: string, args?: Record<string, unknown>) => Promise<unknown>
}

/** Each generation by its version. A client and its transport are new at each `connect`, as after a redirect. */
export const SDKS: Readonly<Record<string, (url: string, provider: AnyProvider) => Sdk>> = {
  '1.x'(url, authProvider) {
    const options = { authProvider: authProvider as Provider }
    let transport = new Transport1(new URL(url), options)
    let client = new Client1({ name: 'example', version: '1.0.0' })
    return {
      async connect() {
        transport = new Transport1(new URL(url), options)
        client = new Client1({ name: 'example', version: '1.0.0' })
        await client.connect(transport)
      },
      finish: (answer) => transport.finishAuth(answer.searchParams.get('code') ?? ''),
      tools: async () => (await client.listTools()).tools.map(({ name }) => name),
      call: async (name, args = {}) => (await client.callTool({ name, arguments: args })).content,
    }
  },
  '2.x'(url, authProvider) {
    const options = { authProvider: authProvider as Provider }
    let transport = new Transport2(new URL(url), options)
    let client = new Client2({ name: 'example', version: '1.0.0' })
    return {
      async connect() {
        transport = new Transport2(new URL(url), options)
        client = new Client2({ name: 'example', version: '1.0.0' })
        await client.connect(transport)
      },
      finish: (answer) => transport.finishAuth(answer.searchParams),
      tools: async () => (await client.listTools()).tools.map(({ name }) => name),
      call: async (name, args = {}) => (await client.callTool({ name, arguments: args })).content,
    }
  },
}

/** The client is refused, sends the person to the server, and is given their answer. Returns where it sent them. */
export async function signIn(
  server: Server,
  sdk: Sdk,
  { kept }: Provider,
  begin: () => Promise<unknown> = () => sdk.connect(),
): Promise<URL> {
  await expect(begin()).rejects.toThrow()
  if (!kept.sentTo) throw new Error('the client sent nobody to sign in')
  const { sentTo } = kept
  delete kept.sentTo
  await sdk.finish(await person(() => server).authorize(sentTo.href, ada))
  await sdk.connect()
  return sentTo
}
