/** An MCP server that answers to Signet's access tokens only: the official TypeScript SDK and `signet/resource-server`. */
import { createMcpExpressApp } from '@modelcontextprotocol/sdk/server/express.js'
import { StreamableHTTPServerTransport } from '@modelcontextprotocol/sdk/server/streamableHttp.js'
import type { Express, Request, Response } from 'express'
import { type AccessTokenClaims, accessTokens } from 'signet/resource-server'
import { requireAccessToken, serveProtectedResourceMetadata } from 'signet/resource-server/express'
import { createNotesServer, READ, scopesFor, WRITE } from './notes.ts'

export interface McpOptions {
  readonly issuer: string
  /** The URL that clients connect to: the audience of the tokens. */
  readonly resource: string
}

/**
 * Creates the app. A request needs `notes:read`, the tool that writes `notes:write` as well. Without a token the answer is 401
 * and says where to get one; with too few scopes it is 403 and names all that are needed, so that a client can ask for them.
 */
export function createMcpApp({ issuer, resource }: McpOptions): Express {
  const tokens = accessTokens({ issuer, audience: resource, resourceName: 'Notes', scopesSupported: [READ, WRITE] })
  const mayRead = requireAccessToken(tokens, { scope: READ })
  const mayWrite = requireAccessToken(tokens, { scope: [READ, WRITE] })
  // answers only to the host that clients are to use, so no page of another site can reach it by DNS rebinding
  const app = createMcpExpressApp({ allowedHosts: [new URL(resource).hostname] })
  app.use(serveProtectedResourceMetadata(tokens))
  app.post(
    new URL(resource).pathname,
    (request, response, next) => {
      const guard = scopesFor(request.body).includes(WRITE) ? mayWrite : mayRead
      return guard(request, response, next)
    },
    // Express 5 passes on what a promise is rejected with
    (request, response) => answerMcp(request, response),
  )
  return app
}

/** Answers one MCP request. No session is kept, so any number of processes can share the work. */
export async function answerMcp(request: Request, response: Response): Promise<void> {
  const { sub } = (response.locals as { accessToken: AccessTokenClaims }).accessToken
  const server = createNotesServer(sub)
  const transport = new StreamableHTTPServerTransport({ enableJsonResponse: true })
  response.on('close', () => void server.close())
  await server.connect(transport)
  await transport.handleRequest(request, response, request.body)
}
