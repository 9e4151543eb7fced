/** Starts the example app by itself: `node examples/relying-party/start.ts`. */
import { readFileSync } from 'node:fs'
import type { JWK } from 'jose'
import { createRelyingParty } from './app.ts'

const { SIGNET_ISSUER, CLIENT_ID, CLIENT_KEY, APP_URL, API_IDENTIFIER, HOST, PORT } = process.env
if (CLIENT_ID === undefined || CLIENT_KEY === undefined) {
  console.error(
    'CLIENT_ID and CLIENT_KEY are needed: the id and the key file of "signet clients create --generate-key".',
  )
  process.exit(78)
}
const port = Number(PORT ?? 4000)
const url = APP_URL ?? `http://localhost:${port}`
const app = await createRelyingParty({
  issuer: SIGNET_ISSUER ?? 'http://localhost:3000',
  clientId: CLIENT_ID,
  key: JSON.parse(readFileSync(CLIENT_KEY, 'utf8')) as JWK,
  url,
  api: API_IDENTIFIER ?? 'http://localhost:4001',
})
const server = app.listen(port, HOST ?? 'localhost', () => console.log(`Open ${url}`))
for (const signal of ['SIGINT', 'SIGTERM'] as const) process.once(signal, () => server.close())
