/**
 * Uses the example MCP server: `node examples/mcp/client.ts [URL]`. It needs the URL alone. `CLIENT_DOCUMENT` names the
 * client by the https URL of its document; `CLIENT_ID` and `CLIENT_KEY` make it a machine, without a person.
 */
import { readFileSync } from 'node:fs'
import {
  Client,
  type OAuthClientProvider,
  PrivateKeyJwtProvider,
  StreamableHTTPClientTransport,
  UnauthorizedError,
} from '@modelcontextprotocol/client'
import { openSignIn } from './sign-in.ts'

const { CLIENT_DOCUMENT, CLIENT_ID, CLIENT_KEY, SIGNET_ISSUER } = process.env
const url = new URL(process.argv[2] ?? 'http://localhost:4002/mcp')

if (CLIENT_ID !== undefined && CLIENT_KEY !== undefined) {
  const key = JSON.parse(readFileSync(CLIENT_KEY, 'utf8')) as Record<string, string>
  await useTools(
    new PrivateKeyJwtProvider({
      clientId: CLIENT_ID,
      privateKey: key,
      algorithm: key['alg'] ?? 'ES256',
      expectedIssuer: SIGNET_ISSUER ?? 'http://localhost:3000',
    }),
    () => Promise.reject(new Error('A machine has no person to ask.')),
  )
} else {
  using signIn = await openSignIn(CLIENT_DOCUMENT)
  await useTools(signIn.provider, signIn.answer)
}

/** Lists the tools and calls both: the second needs a scope that the client has not asked for before. */
async function useTools(authProvider: OAuthClientProvider, answer: () => Promise<URLSearchParams>): Promise<void> {
  const connect = () => {
    const transport = new StreamableHTTPClientTransport(url, { authProvider })
    const client = new Client({ name: 'example', version: '1.0.0' })
    return { transport, client, connected: client.connect(transport) }
  }
  let connection = connect()

  /** The SDK throws once it has sent the person away; with their answer, the same is tried again. */
  async function withPerson<Result>(work: () => Promise<Result>, again = work): Promise<Result> {
    try {
      return await work()
    } catch (error) {
      if (!(error instanceof UnauthorizedError)) throw error
      await connection.transport.finishAuth(await answer())
      return again()
    }
  }

  await withPerson(
    () => connection.connected,
    () => (connection = connect()).connected,
  )
  const { tools } = await connection.client.listTools()
  console.log(`Tools: ${tools.map(({ name }) => name).join(', ')}`)
  const added = await withPerson(() =>
    connection.client.callTool({ name: 'add_note', arguments: { note: 'Buy milk' } }),
  )
  const listed = await connection.client.callTool({ name: 'list_notes', arguments: {} })
  for (const { content } of [added, listed])
    for (const part of content) if (part.type === 'text') console.log(part.text)
  await connection.client.close()
}
