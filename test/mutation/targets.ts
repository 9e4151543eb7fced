/** The functions that `npm run mutate` changes, because they decide about security, and the tests that must notice. */

export interface Target {
  readonly file: string
  /** Names of functions; each is changed with everything inside it. */
  readonly functions: readonly string[]
  /** Files of tests. They run in the process that changes the code, so they start no server process. */
  readonly tests: readonly string[]
}

const ASSERTIONS = ['test/hazards/properties-assertions.test.ts', 'test/oidc/client-assertion-rules.test.ts']
const OBJECTS = ['test/oidc/request-object-rules.test.ts']
const REGISTRATION = ['test/clients/registration/*.test.ts']
const DOCUMENTS = ['test/clients/document-metadata.test.ts']
const SUBJECTS = ['test/clients/{sectors,subjects}.test.ts']
const METHODS = ['test/sign-in/registry.test.ts']
const TIMES = ['test/sign-in/proof-times.test.ts']
const BUDGETS = ['test/sign-in/budgets.test.ts']
const TOKENS = ['test/resource-server/{access-tokens,koa,sign-in}.test.ts']
const DPOP = ['test/resource-server/{dpop,dpop-url,replay-store}.test.ts']
const INTROSPECTION = ['test/resource-server/introspection.test.ts']
const STATUS_LIST = ['test/resource-server/{bad-status-list,status-list}.test.ts']

export const TARGETS: readonly Target[] = [
  {
    file: 'src/http/csrf.ts',
    functions: ['createCsrf', 'mac', 'equal'],
    tests: ['test/http/csrf.test.ts'],
  },
  {
    file: 'src/http/origin.ts',
    functions: [
      'origin',
      'createIgnoredProxies',
      'isNearby',
      'createProxyTest',
      'forwardedAddress',
      'withoutPort',
      'plainAddress',
      'dropForwardingHeaders',
    ],
    tests: ['test/http/origin.test.ts'],
  },
  {
    file: 'src/http/host-allow-list.ts',
    functions: ['hostAllowList', 'hostsOf', 'requestedHost', 'soleHostHeader', 'useOriginForm'],
    tests: ['test/http/host-allow-list.test.ts'],
  },
  { file: 'src/http/network.ts', functions: ['networkText'], tests: ['test/http/network.test.ts'] },
  {
    file: 'src/http/leaky-buckets.ts',
    functions: ['createLeakyBuckets'],
    tests: ['test/http/write-budget.test.ts'],
  },
  {
    file: 'src/http/write-budget.ts',
    functions: ['createWriteBudget', 'limitOf'],
    tests: ['test/http/write-budget.test.ts'],
  },
  {
    file: 'src/clients/redirect-uris.ts',
    functions: ['redirectUriFault', 'characterFault', 'authorityFault', 'pathFault', 'schemeFault', 'webFault'],
    tests: ['test/clients/redirect-uris.test.ts', 'test/clients/redirect-schemes.test.ts'],
  },
  {
    file: 'src/clients/client-keys.ts',
    functions: [
      'checkJwks',
      'usableKeys',
      'keptMembers',
      'assertionAlgsOf',
      'keyFault',
      'memberFault',
      'certificateFault',
      'materialFault',
      'rsaFault',
    ],
    tests: ['test/clients/client-keys.test.ts'],
  },
  {
    file: 'src/clients/inferred-profile.ts',
    functions: ['inferredProfile', 'isOnDevice'],
    tests: [...REGISTRATION, ...DOCUMENTS],
  },
  {
    file: 'src/clients/certificate-subject.ts',
    functions: [
      'isSameEmail',
      'hasName',
      'isSameName',
      'isSameSet',
      'parseName',
      'parseRelative',
      'split',
      'parseAttribute',
      'unescaped',
    ],
    tests: ['test/clients/certificates.test.ts'],
  },
  {
    file: 'src/clients/sectors.ts',
    functions: ['sectorOf', 'ownHost', 'signsInElsewhere', 'assertSector', 'faultOf', 'redirectUrisOf', 'isSame'],
    tests: SUBJECTS,
  },
  { file: 'src/clients/subjects.ts', functions: ['createSubjects', 'isPairwise'], tests: SUBJECTS },
  {
    file: 'src/clients/documents/document-id.ts',
    functions: ['isDocumentId', 'documentIdFault'],
    tests: DOCUMENTS,
  },
  {
    file: 'src/clients/documents/document-metadata.ts',
    functions: ['documentInput', 'isForDocuments', 'methodOf', 'grantTypesOf', 'chosenAlgs'],
    tests: DOCUMENTS,
  },
  {
    file: 'src/clients/documents/documents.ts',
    functions: ['createAcceptance', 'isHostAccepted', 'isHostOf'],
    tests: ['test/clients/documents.test.ts'],
  },
  {
    file: 'src/clients/registration/policy.ts',
    functions: ['checkPolicy', 'requireHosts', 'isAt'],
    tests: REGISTRATION,
  },
  {
    file: 'src/clients/registration/inference.ts',
    functions: ['isAdministrators', 'knownMembers', 'inferProfile', 'grantsOf', 'scopeOf'],
    tests: REGISTRATION,
  },
  {
    file: 'src/federation/claims.ts',
    functions: ['profileOf', 'isOfDomain', 'provenAtOf', 'amrOf'],
    tests: ['test/federation/claims.test.ts'],
  },
  {
    file: 'src/oidc/engine/request-object.ts',
    functions: [
      'requestObjectFault',
      'typeFault',
      'algorithmFault',
      'signingAlgs',
      'keyFault',
      'issuerFault',
      'audienceFault',
      'timeFault',
      'fapiTimeFault',
      'backchannelFault',
      'identifierFault',
      'madeAt',
    ],
    tests: OBJECTS,
  },
  {
    file: 'src/oidc/engine/client-assertion.ts',
    functions: [
      'typeFault',
      'algorithmFault',
      'subjectFault',
      'audienceFault',
      'timeFault',
      'lifetimeFault',
      'restoreFault',
      'maxLifetime',
      'profileLifetime',
      'identifierFault',
    ],
    tests: ASSERTIONS,
  },
  {
    file: 'src/oidc/engine/jwt-rules.ts',
    functions: ['keyIdFault', 'repetitionFault', 'repeatedIn', 'isIdentifier', 'shown'],
    tests: ASSERTIONS,
  },
  {
    file: 'src/oidc/configuration/parameter-sizes.ts',
    functions: ['assertSizes', 'sizeOf'],
    tests: ['test/oidc/parameter-sizes.test.ts'],
  },
  {
    file: 'src/outbound/guarded-fetch.ts',
    functions: ['createGuardedFetch', 'createAddressCheck', 'isPublic', 'parseRange', 'readBounded'],
    tests: ['test/outbound/guarded-fetch.test.ts'],
  },
  { file: 'src/sign-in/assurance.ts', functions: ['meets'], tests: METHODS },
  { file: 'src/sign-in/attempts.ts', functions: ['createAttempts', 'networksOf'], tests: BUDGETS },
  {
    file: 'src/sign-in/budgets-store.ts',
    functions: ['byKind', 'COUNT', 'ROOM', 'createBudgetsStore', 'createEasingStore'],
    tests: BUDGETS,
  },
  { file: 'src/sign-in/next-proof.ts', functions: ['nextProof'], tests: METHODS },
  { file: 'src/sign-in/proof-times.ts', functions: ['isFreshlyProven', 'strengthOf'], tests: TIMES },
  {
    file: 'src/sign-in/registry.ts',
    functions: ['createMethodRegistry', 'checkRows', 'includesAll'],
    tests: METHODS,
  },
  { file: 'src/resource-server/acr.ts', functions: ['reaches'], tests: TOKENS },
  {
    file: 'src/resource-server/claims.ts',
    functions: ['verifiedClaims', 'claimsFault', 'isPlainJwt'],
    tests: [...TOKENS, ...INTROSPECTION, 'test/resource-server/issuer-keys.test.ts'],
  },
  {
    file: 'src/resource-server/credentials.ts',
    functions: ['credentialsOf', 'schemeNamed', 'authorizationHeader', 'headerValues', 'targetPath'],
    tests: [...TOKENS, ...DPOP, 'test/resource-server/metadata.test.ts'],
  },
  { file: 'src/resource-server/needs.ts', functions: ['requireScope', 'requireSignIn', 'meetsOne'], tests: TOKENS },
  {
    file: 'src/resource-server/dpop/binding.ts',
    functions: ['createDpop', 'requireUnbound', 'requireBinding', 'thumbprintOf'],
    tests: DPOP,
  },
  { file: 'src/resource-server/dpop/htu.ts', functions: ['normalizedUrl', 'requestUrl'], tests: DPOP },
  { file: 'src/resource-server/dpop/nonces.ts', functions: ['createNonces'], tests: DPOP },
  {
    file: 'src/resource-server/dpop/proof.ts',
    functions: ['verifiedProof', 'requestFault', 'acceptance'],
    tests: DPOP,
  },
  { file: 'src/resource-server/dpop/replay-store.ts', functions: ['createMemoryReplayStore'], tests: DPOP },
  {
    file: 'src/resource-server/introspection/introspection.ts',
    functions: ['opaqueClaims', 'opaqueFault'],
    tests: INTROSPECTION,
  },
  {
    file: 'src/resource-server/status-list.ts',
    functions: ['createStatusCheck', 'requireOption', 'referenceOf'],
    tests: STATUS_LIST,
  },
]
