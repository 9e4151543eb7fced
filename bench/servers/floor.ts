/** The floor: what any server must do for a machine token, verify one assertion and sign one token, and nothing else. */
import { createServer, type IncomingMessage } from 'node:http'
import { type CryptoKey, exportJWK, generateKeyPair, importJWK, type JWK, jwtVerify, SignJWT } from 'jose'
import { readSettings } from './settings.ts'

const { port, issuer, clientId, clientJwk, resource, scope } = readSettings()
const clientKey = (await importJWK(clientJwk, 'ES256')) as CryptoKey
const { privateKey, publicKey } = await generateKeyPair('ES256', { extractable: true })
const jwks: { keys: JWK[] } = { keys: [{ ...(await exportJWK(publicKey)), kid: 'floor', alg: 'ES256', use: 'sig' }] }

async function readBody(request: IncomingMessage): Promise<URLSearchParams> {
  let text = ''
  for await (const chunk of request) text += String(chunk)
  return new URLSearchParams(text)
}

async function issue(parameters: URLSearchParams): Promise<object> {
  await jwtVerify(parameters.get('client_assertion') ?? '', clientKey, {
    issuer: clientId,
    subject: clientId,
    audience: issuer,
    requiredClaims: ['jti', 'iat', 'exp'],
  })
  const token = await new SignJWT({ client_id: clientId, scope })
    .setProtectedHeader({ alg: 'ES256', typ: 'at+jwt', kid: 'floor' })
    .setIssuer(issuer)
    .setSubject(clientId)
    .setAudience(resource)
    .setIssuedAt()
    .setExpirationTime('5m')
    .setJti(crypto.randomUUID())
    .sign(privateKey)
  return { access_token: token, expires_in: 300, token_type: 'Bearer', scope }
}

const server = createServer((request, response) => {
  const answer = async (): Promise<[number, object]> => {
    if (request.url === '/jwks') return [200, jwks]
    return [200, await issue(await readBody(request))]
  }
  answer()
    .catch((error: unknown): [number, object] => [401, { error: 'invalid_client', error_description: String(error) }])
    .then(([status, body]) => {
      response.writeHead(status, { 'content-type': 'application/json', 'cache-control': 'no-store' })
      response.end(JSON.stringify(body))
    })
    .catch(() => response.destroy())
})
server.listen(port, '127.0.0.1')
