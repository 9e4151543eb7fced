/** Runs the same races against two processes of the naive provider. */
import { spawn } from 'node:child_process'
import { randomUUID } from 'node:crypto'
import { once } from 'node:events'
import { join } from 'node:path'
import { exportJWK, generateKeyPair, type JWK } from 'jose'
import Keygrip from 'keygrip'
import type { Attempt, Race } from '../conformance/races.ts'
import { assertionParams } from './assertion.ts'
import { atEnd } from './endings.ts'
import { NAIVE_TABLE } from './naive-adapter.ts'
import { createNaiveProvider, NAIVE_API, NAIVE_COOKIE_KEY } from './naive-provider.ts'
import { pkce } from './person.ts'
import { freePort } from './ports.ts'
import { emptyDatabase } from './postgres.ts'

const ROOT = join(import.meta.dirname, '../..')
const CALLBACK = 'https://app.example.com/cb'
const CLIENT = { id: 'racer' }

async function aKey(alg: string): Promise<{ privateJwk: JWK; publicJwk: JWK }> {
  const pair = await generateKeyPair(alg, { extractable: true })
  const also = { alg, kid: alg, use: 'sig' }
  return {
    privateJwk: { ...(await exportJWK(pair.privateKey)), ...also },
    publicJwk: { ...(await exportJWK(pair.publicKey)), ...also },
  }
}

export async function naiveRaces(): Promise<Race[]> {
  const { url: databaseUrl } = await emptyDatabase()
  const ports = [await freePort(), await freePort()]
  const [signing, es256, own] = [await aKey('RS256'), await aKey('ES256'), await aKey('ES256')]
  const setup = {
    issuer: `http://localhost:${ports[0]}`,
    databaseUrl,
    jwks: [signing.privateJwk, es256.privateJwk],
    clients: [
      {
        client_id: CLIENT.id,
        redirect_uris: [CALLBACK],
        grant_types: ['authorization_code', 'refresh_token', 'client_credentials'],
        token_endpoint_auth_method: 'private_key_jwt',
        jwks: { keys: [own.publicJwk] },
      },
    ],
  }
  const { provider, pool } = createNaiveProvider(setup)
  await pool.query(NAIVE_TABLE)
  for (const port of ports) await startNaive(port, setup)
  atEnd(() => pool.end())

  const auth = () => assertionParams({ issuer: setup.issuer, clientId: CLIENT.id, key: own.privateJwk })
  const post = async (
    node: number,
    path: string,
    params: Record<string, string>,
  ): Promise<{ status: number; body: Record<string, string> }> => {
    const response = await fetch(`http://localhost:${ports[node]}${path}`, {
      method: 'POST',
      body: new URLSearchParams(params),
    })
    return { status: response.status, body: (await response.json()) as Record<string, string> }
  }
  const spend = async (
    answer: Promise<{ status: number; body: Record<string, string> }>,
    member: string,
  ): Promise<Attempt> => {
    const { status, body } = await answer
    return { status, body, spent: status === 200 ? body[member] : undefined }
  }

  async function aGrant(): Promise<string> {
    const grant = new provider.Grant({ accountId: 'ada', clientId: CLIENT.id })
    grant.addOIDCScope('openid offline_access')
    grant.addResourceScope(NAIVE_API, 'posts:read')
    return grant.save()
  }
  const client = async () =>
    (await provider.Client.find(CLIENT.id)) as NonNullable<Awaited<ReturnType<typeof provider.Client.find>>>
  const source = async () => ({
    accountId: 'ada',
    client: await client(),
    grantId: await aGrant(),
    scope: 'openid offline_access posts:read',
    resource: NAIVE_API,
    authTime: 1,
  })

  return [
    {
      name: 'an authorization code',
      async begin() {
        const { verifier, challenge } = pkce()
        const code = await new provider.AuthorizationCode({
          ...(await source()),
          redirectUri: CALLBACK,
          codeChallenge: challenge,
          codeChallengeMethod: 'S256',
        } as never).save()
        return async (node) =>
          spend(
            post(node, '/token', {
              ...(await auth()),
              grant_type: 'authorization_code',
              code,
              redirect_uri: CALLBACK,
              code_verifier: verifier,
            }),
            'access_token',
          )
      },
    },
    {
      name: 'a refresh token',
      async begin() {
        const token = await new provider.RefreshToken({
          ...(await source()),
          gty: 'authorization_code',
        }).save()
        return async (node) =>
          spend(
            post(node, '/token', { ...(await auth()), grant_type: 'refresh_token', refresh_token: token }),
            'refresh_token',
          )
      },
    },
    {
      name: 'a client assertion',
      async begin() {
        const one = await auth()
        return async (node) => spend(post(node, '/token', { ...one, grant_type: 'client_credentials' }), 'access_token')
      },
    },
    {
      name: 'a pushed authorization request',
      async begin() {
        const { challenge } = pkce()
        const pushed = await post(0, '/request', {
          ...(await auth()),
          response_type: 'code',
          client_id: CLIENT.id,
          redirect_uri: CALLBACK,
          scope: 'openid',
          code_challenge: challenge,
          code_challenge_method: 'S256',
        })
        const cookie = await aSession(provider, await aGrant())
        const query = new URLSearchParams({ client_id: CLIENT.id, request_uri: pushed.body['request_uri'] as string })
        return async (node) => {
          const response = await fetch(`http://localhost:${ports[node]}/auth?${query.toString()}`, {
            headers: { cookie },
            redirect: 'manual',
          })
          const code = new URL(response.headers.get('location') ?? 'x:', 'x:').searchParams.get('code')
          return { status: response.status, body: {}, spent: code ?? undefined }
        }
      },
    },
  ]
}

/** Returns the cookies of a browser that is signed in and has consented. */
async function aSession(
  provider: ReturnType<typeof createNaiveProvider>['provider'],
  grantId: string,
): Promise<string> {
  const id = randomUUID()
  const session = new (provider.Session as unknown as new (payload: object) => { save(ttl: number): Promise<string> })({
    jti: id,
    uid: randomUUID(),
    accountId: 'ada',
    loginTs: Math.floor(Date.now() / 1000),
    authorizations: { [CLIENT.id]: { sid: randomUUID(), grantId } },
  })
  await session.save(3600)
  const signature = new Keygrip([NAIVE_COOKIE_KEY]).sign(`_session=${id}`)
  return `_session=${id}; _session.sig=${signature}`
}

async function startNaive(port: number | undefined, setup: object): Promise<void> {
  const child = spawn(
    join(ROOT, 'node_modules/node/bin/node'),
    [
      '--disable-warning=ExperimentalWarning',
      join(ROOT, 'test/support/naive-server.ts'),
      String(port),
      JSON.stringify(setup),
    ],
    { stdio: ['ignore', 'pipe', 'ignore'] },
  )
  atEnd(() => void child.kill('SIGKILL'))
  await once(child.stdout, 'data')
}
