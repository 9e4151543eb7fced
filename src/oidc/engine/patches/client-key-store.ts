/**
 * What: a client's `asymmetricKeyStore` holds only the keys that may be trusted now, and encrypts with what fits.
 * Why: the engine trusts a fetched key set for as long as its `Cache-Control` says, still accepts signatures that
 * verify with it after that, and has no revoked keys. With this patch a stale set verifies nothing, a signature that
 * does not verify causes one more fetch, and revoked keys are not in the store. The clients room keeps fetched sets, so
 * they outlive this client object and the engine.
 * Engine: 9.13.3
 * Test: test/flows/client-keys.test.ts
 */
import { hash } from 'node:crypto'
import Provider from 'oidc-provider'
import type { Client as EngineClient } from 'oidc-provider'
import type { Client, PublicJwk, PublishedKeys } from '#clients/client.ts'
import { inlineKeys } from '#clients/client-keys.ts'
import { encryptionKeys } from '#clients/encryption.ts'
import { keyThumbprint } from '#clients/key-thumbprint.ts'
import type { ClientKeys } from '#clients/managed-keys.ts'
import { certificateOf } from '../../configuration/mutual-tls.ts'
import { clientOf } from '../clients.ts'
import { isEncrypting } from '../scope/encryption.ts'
import { requestScope } from '../scope/request-scope.ts'

export interface EngineKeyStore extends Iterable<PublicJwk> {
  fresh(): boolean
  refresh(): Promise<void>
  clear(): void
  add(key: PublicJwk): void
  selectForVerify(options: { alg: string; kid?: string }): PublicJwk[]
  selectForEncrypt(options: { alg: string }): PublicJwk[]
  getKeyObject(key: PublicJwk, getPublic?: boolean): unknown
}

export type KeysOfClients = Pick<ClientKeys, 'mayForce' | 'refresh' | 'used'>

export function keyStoreOf(engineClient: EngineClient): EngineKeyStore {
  return (engineClient as unknown as { asymmetricKeyStore: EngineKeyStore }).asymmetricKeyStore
}

export function tendKeyStores(provider: Provider, { clientKeys }: { readonly clientKeys: KeysOfClients }): void {
  const find = provider.Client.find.bind(provider.Client)
  const tended = new WeakSet<EngineClient>()
  Object.assign(provider.Client, {
    find: async (id: string): Promise<EngineClient | undefined> => {
      const engineClient = await find(id)
      if (engineClient && !tended.has(engineClient)) {
        tended.add(engineClient)
        tend(keyStoreOf(engineClient), clientOf(engineClient), clientKeys)
      }
      return engineClient
    },
  })
}

function tend(store: EngineKeyStore, client: Client, keys: KeysOfClients): void {
  const getKeyObject = store.getKeyObject.bind(store)
  store.getKeyObject = (key, getPublic) => {
    const assertion = requestScope()?.assertion
    // the engine tries one key after another and stops at the one that verifies, so the last one is the right one
    if (assertion?.stage === 'judged') assertion.key = key
    return getKeyObject(key, getPublic)
  }
  // the engine also takes keys that cannot be used with the algorithm
  store.selectForEncrypt = ({ alg }) => encryptionKeys(store, alg)
  fill(store, client, inlineKeys(client))
  if (client.revokedKeys.size > 0) nameRevoked(store, client)
  if (client.metadata['jwks_uri'] !== undefined) followAddress(store, client, keys)
}

/** Returns whether the certificate of this request is that of a key in the store. */
function hasPresented(store: EngineKeyStore): boolean {
  const certificate = Provider.ctx && certificateOf(Provider.ctx)
  if (!certificate) return false
  const thumbprint = hash('sha256', certificate.raw, 'base64url')
  return [...store].some((key) => key['x5t#S256'] === thumbprint)
}

function fill(store: EngineKeyStore, { revokedKeys }: Client, keys: readonly PublicJwk[]): void {
  store.clear()
  // the engine notes the thumbprint of a certificate in the key
  for (const key of keys) if (!revokedKeys.has(keyThumbprint(key))) store.add({ ...key })
}

/** Throws when a revoked key is asked for by its kid. Only the log and the audit event show this reason. */
function nameRevoked(store: EngineKeyStore, { revokedKeys }: Client): void {
  const select = store.selectForVerify.bind(store)
  const kids = new Set([...revokedKeys].map(([thumbprint, kid]) => kid ?? thumbprint))
  store.selectForVerify = (options) => {
    const selected = select(options)
    const { kid } = options
    if (selected.length === 0 && kid !== undefined && kids.has(kid)) throw new Error(`the key ${kid} was revoked`)
    return selected
  }
}

function followAddress(store: EngineKeyStore, client: Client, keys: KeysOfClients): void {
  const select = store.selectForVerify.bind(store)
  let known: PublishedKeys | undefined
  const believe = (set: PublishedKeys | undefined) => {
    known = set
    fill(store, client, set?.keys ?? [])
  }
  const isFresh = () => known !== undefined && Date.now() < known.freshUntil.getTime()

  believe(client.publishedKeys)
  // a stale set counts as empty: the engine refreshes it and selects again
  store.selectForVerify = (options) => (isFresh() ? select(options) : [])
  // called when verification failed: `false` makes the engine refresh and try again, at most once a request
  store.fresh = () =>
    isFresh() && (isEncrypting() || requestScope()?.assertion?.hasFetchedKeys === true || !keys.mayForce(client))
  store.refresh = async () => {
    // the engine refreshes before it looks for a certificate
    if (isFresh() && hasPresented(store)) return
    if (store.fresh()) return
    const assertion = requestScope()?.assertion
    if (assertion) assertion.hasFetchedKeys = true
    believe(await keys.refresh(client, known))
  }
}
