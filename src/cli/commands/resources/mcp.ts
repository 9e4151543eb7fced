/** What `signet resources create --mcp` registers, and what it prints for the MCP server. */
import type { Document } from '../../admin-client.ts'
import type { CliContext } from '../../context.ts'
import { usageFailure } from '../../failure.ts'
import { print } from '../../output.ts'

const SCOPE = { name: 'mcp:tools', description: 'Use its tools' } as const

/** Returns the members of a resource that any MCP client may use: all its scopes are open, unless others are named. */
export function mcpMembers(resource: string, given: Document): Document {
  if (!/^https?:\/\//i.test(resource)) {
    throw usageFailure(
      'An MCP server is registered by the URL that its clients connect to, such as https://mcp.example.com/mcp.',
    )
  }
  const scopes = Array.isArray(given.scopes) ? given.scopes : [SCOPE]
  const names = scopes.map((scope: string | { name: string }) => (typeof scope === 'string' ? scope : scope.name))
  return { ...given, scopes, open_scopes: given.open_scopes ?? names }
}

/** Prints what to paste into the MCP server. */
export function printForMcp(context: CliContext, issuer: string, { resource, open_scopes: scopes }: Document): void {
  const url = new URL(String(resource))
  const path = url.pathname === '/' ? '' : url.pathname
  const open = Array.isArray(scopes) ? scopes.map(String) : []
  print(
    context,
    '',
    'Any MCP client can sign people in for it now, by its client document. Paste this into the server, before its routes',
    '(Express; Koa, Fastify and node:http have entries of their own):',
    '',
    "  import { requireAccessToken } from 'signet/resource-server/express'",
    '',
    '  app.use(',
    '    requireAccessToken({',
    `      issuer: '${issuer}',`,
    `      audience: '${String(resource)}',`,
    `      scopesSupported: [${open.map((scope) => `'${scope}'`).join(', ')}],`,
    '    }),',
    '  )',
    '',
    'Clients without a document can register themselves once you allow it:',
    '',
    '  signet settings set client_registration.mode=open',
    '',
    `A server in another language publishes this at ${url.origin}/.well-known/oauth-protected-resource${path}:`,
    '',
    `  ${JSON.stringify({ resource, authorization_servers: [issuer], scopes_supported: open })}`,
    '',
    `and answers requests without a token by 401 with`,
    '',
    `  WWW-Authenticate: Bearer resource_metadata="${url.origin}/.well-known/oauth-protected-resource${path}"`,
  )
}
