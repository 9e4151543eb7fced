/** Starts the example API by itself: `node examples/api/start.ts`. */
import { createApi } from './api.ts'

const { SIGNET_ISSUER, SIGNET_JWKS_URI, API_IDENTIFIER, STATUS_LIST, HOST, PORT } = process.env
const port = Number(PORT ?? 4001)
const identifier = API_IDENTIFIER ?? `http://localhost:${port}`
const api = createApi({
  issuer: SIGNET_ISSUER ?? 'http://localhost:3000',
  identifier,
  statusList: STATUS_LIST === 'true',
  ...(SIGNET_JWKS_URI === undefined ? {} : { jwksUri: SIGNET_JWKS_URI }),
})
const server = api.listen(port, HOST ?? 'localhost', () => console.log(`The API listens for ${identifier}`))
for (const signal of ['SIGINT', 'SIGTERM'] as const) process.once(signal, () => server.close())
