/** Starts the example MCP server: `node examples/mcp/start.ts`. */
import { createMcpApp } from './app.ts'

const { SIGNET_ISSUER, MCP_URL, HOST, PORT } = process.env
const port = Number(PORT ?? 4002)
const resource = MCP_URL ?? `http://localhost:${port}/mcp`
const app = createMcpApp({ issuer: SIGNET_ISSUER ?? 'http://localhost:3000', resource })
const server = app.listen(port, HOST ?? 'localhost', () => console.log(`The MCP server listens for ${resource}`))
for (const signal of ['SIGINT', 'SIGTERM'] as const) process.once(signal, () => server.close())
