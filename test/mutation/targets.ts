/** The functions that `npm run mutate` changes, because they decide about security, and the tests that must notice. */

export interface Target {
  readonly file: string
  /** Names of functions; each is changed with everything inside it. */
  readonly functions: readonly string[]
}

export const TARGETS: readonly Target[] = [
  { file: 'src/http/csrf.ts', functions: ['createCsrf', 'mac', 'equal'] },
  { file: 'src/http/origin.ts', functions: ['forwardedAddress', 'createProxyTest', 'dropForwardingHeaders'] },
  {
    file: 'src/clients/redirect-uris.ts',
    functions: ['redirectUriFault', 'characterFault', 'authorityFault', 'pathFault', 'schemeFault', 'webFault'],
  },
  { file: 'src/sign-in/assurance.ts', functions: ['meets'] },
  { file: 'src/sign-in/next-proof.ts', functions: ['nextProof'] },
  { file: 'src/sign-in/proof-times.ts', functions: ['isFreshlyProven', 'strengthOf'] },
  { file: 'src/resource-server/acr.ts', functions: ['reaches'] },
  { file: 'src/resource-server/claims.ts', functions: ['claimsFault'] },
  { file: 'src/resource-server/credentials.ts', functions: ['credentialsOf', 'authorizationHeader', 'targetPath'] },
  { file: 'src/resource-server/needs.ts', functions: ['requireScope', 'requireSignIn', 'meetsOne'] },
  {
    file: 'src/resource-server/dpop/binding.ts',
    functions: ['createDpop', 'requireUnbound', 'requireBinding', 'thumbprintOf'],
  },
  { file: 'src/resource-server/dpop/htu.ts', functions: ['normalizedUrl', 'requestUrl'] },
  { file: 'src/resource-server/dpop/nonces.ts', functions: ['createNonces'] },
  { file: 'src/resource-server/dpop/proof.ts', functions: ['verifiedProof', 'requestFault', 'acceptance'] },
  { file: 'src/resource-server/dpop/replay-store.ts', functions: ['createMemoryReplayStore'] },
  { file: 'src/resource-server/introspection/introspection.ts', functions: ['opaqueClaims', 'opaqueFault'] },
]

/** These tests run in the process that changes the code, so they start no server process. */
export const TESTS: readonly string[] = [
  'test/http/{csrf,origin}.test.ts',
  'test/clients/redirect-uris.test.ts',
  'test/sign-in/{registry,proof-times}.test.ts',
  'test/resource-server/*.test.ts',
]
