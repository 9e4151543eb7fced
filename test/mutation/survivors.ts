/** Changes that no test can notice, each with the reason. */

/** `code` is the changed text or its whole line, `replacement` what it was changed to, both as the report shows them. */
export type Explained = readonly [file: string, code: string, replacement: string, because: string]

const NEXT = 'src/sign-in/next-proof.ts'
const TIMES = 'src/sign-in/proof-times.ts'
const URIS = 'src/clients/redirect-uris.ts'
const CSRF = 'src/http/csrf.ts'
const ORIGIN = 'src/http/origin.ts'
const HOSTS = 'src/http/host-allow-list.ts'
const NETWORK = 'src/http/network.ts'
const NEEDS = 'src/resource-server/needs.ts'
const ATTEMPTS = 'src/sign-in/attempts.ts'
const BUDGETS = 'src/sign-in/budgets-store.ts'
const CERTIFICATE = 'src/clients/certificate-subject.ts'
const DOCUMENT = 'src/clients/documents/document-metadata.ts'
const POLICY = 'src/clients/registration/policy.ts'
const ASSERTION = 'src/oidc/engine/client-assertion.ts'
const OBJECTS = 'src/oidc/engine/request-object.ts'
const JWT_RULES = 'src/oidc/engine/jwt-rules.ts'
const CLAIMS = 'src/resource-server/claims.ts'
const FETCH = 'src/outbound/guarded-fetch.ts'
const STATUS_LIST = 'src/resource-server/status-list.ts'
const DPOP = 'src/resource-server/dpop'

export const EXPLAINED: readonly Explained[] = [
  [
    NEXT,
    'method.kinds.some((kind) => !kinds.has(kind))',
    'method.kinds.every(kind => !kinds.has(kind))',
    'a method that is always needed is of one kind',
  ],
  [
    NEXT,
    "second('asked').filter(({ name, amr: shown }) => meets(registry.acrOf(registry.joined(amr, { method: name, amr: shown.always })), asked), )",
    "second('asked')",
    'the one method that is only asked for, the passkey, reaches every class',
  ],
  [TIMES, "second === 'instead'", 'false', 'a recovery code counts by a rule of its own, and 1 is as weak as 0'],
  [URIS, 'authority !== undefined', 'true', 'undefined as text has neither ; nor ,'],
  [
    URIS,
    '/^(\\[[^\\]]*\\]|[^:]*)(?::(\\d{1,5}))?$/',
    '/(\\[[^\\]]*\\]|[^:]*)(?::(\\d{1,5}))?$/',
    'a host that is not the whole authority is not the one that the URL standard finds',
  ],
  [URIS, '[]', '["Stryker was here"]', 'only the second and third entry are read'],
  [URIS, "host === ''", 'false', 'the URL standard finds no web URL without a host'],
  [URIS, '/^[1-9]\\d*$/', '/^[1-9]\\d*/', 'a port is digits alone by the expression that found it'],
  [CSRF, 'overwrite: true,', 'false', 'the cookie is set once for a request'],
  [CSRF, '{ signed: false }', '{}', 'only the app of a whole server has keys; there each test of a form notices'],
  [CSRF, 'id !== undefined', 'true', 'no token was ever made for a browser without an id, nor is the text a valid id'],
  [OBJECTS, 'times.exp !== undefined', 'true', 'no number is above undefined; the compiler wants it'],
  [OBJECTS, 'times.nbf !== undefined', 'true', 'no number is above undefined; the compiler wants it'],
  [ORIGIN, 'parsed.length === 0', 'false', 'no range contains nothing; the question is only asked faster'],
  [ORIGIN, '!peer', 'true', 'a peer that is remembered is only found faster'],
  [ORIGIN, 'peers.set(socket, peer)', ';', 'a peer that is remembered is only found faster'],
  [ORIGIN, 'value.length > 60', 'false', 'no address is as long; a long text is only refused faster'],
  [ORIGIN, 'value.length > 60', 'value.length >= 60', 'no address is as long'],
  [ORIGIN, "rest !== ''", 'true', 'nothing is no address, and ends the search as well'],
  ['src/federation/claims.ts', '[]', '["Stryker was here"]', 'a value with spaces is not shown'],
  [HOSTS, 'host.length > MAX_HOST', 'false', 'the expression finds no longer host; it is only refused faster'],
  [HOSTS, 'host.length > MAX_HOST', 'host.length >= MAX_HOST', 'the expression finds no host as long'],
  [HOSTS, 'name.length === 4', 'true', 'another length is only told apart faster'],
  [HOSTS, "port === ''", 'true', 'a host with two ports is not well formed, so none is asked for'],
  [
    'src/oidc/configuration/parameter-sizes.ts',
    'value === null',
    'false',
    'as JSON it has four bytes, which no limit is below',
  ],
  [NETWORK, 'address === undefined', 'false', 'no address is no valid one either'],
  [ATTEMPTS, 'knownBrowser === undefined', 'false', 'the counter of other browsers only has another key'],
  [ATTEMPTS, 'budget === undefined', 'false', 'the bucket of sign-ins only has another key'],
  [ATTEMPTS, '[]', '["Stryker was here"]', 'the bucket of sign-ins only has another key'],
  [BUDGETS, 'rows[0]?.seconds', 'rows[0].seconds', 'an aggregate returns one row'],
  [BUDGETS, 'rows[0]?.can', 'rows[0].can', 'the statement returns one row'],
  [NEEDS, 'maxAgeSeconds !== undefined', 'true', 'no age is above an undefined sum'],
  [NEEDS, 'acrValues === undefined', 'false', 'an undefined requirement is not written'],
  [NEEDS, 'maxAgeSeconds === undefined', 'false', 'an undefined requirement is not written'],
  [NEEDS, 'acr !== undefined', 'true', 'undefined is not in the list, and reaches nothing'],
  [
    `${DPOP}/binding.ts`,
    'const options = option === true ? {} : option',
    'false',
    'true has none of the options either',
  ],
  [`${DPOP}/htu.ts`, 'escape.toUpperCase()', 'escape.toLowerCase()', 'both URLs are written in one way, whichever'],
  [`${DPOP}/nonces.ts`, 'bytes.length < TIME_BYTES', 'bytes.length <= TIME_BYTES', 'a time alone has no digest either'],
  [STATUS_LIST, 'option === true', 'false', 'true has none of the options either'],
  [STATUS_LIST, 'true', 'false', 'true has none of the options either'],
  [STATUS_LIST, 'URL.parse(uri)?.href', 'URL.parse(uri).href', 'what begins with the URL of the issuer can be parsed'],
  [STATUS_LIST, "typeof idx !== 'number'", 'false', 'only a number is a safe integer'],
  [STATUS_LIST, 'idx < 0', 'false', 'no list has such a place either'],
  [FETCH, "{ method: 'GET', body: null }", '{}', 'this is what a fetch does by itself'],
  [FETCH, '/^\\[|\\]$/g', '/\\[|\\]$/g', 'the host of a URL has brackets only at its ends'],
  [FETCH, '/^\\[|\\]$/g', '/^\\[|\\]/g', 'the host of a URL has brackets only at its ends'],
  [FETCH, "address.kind() === 'ipv4'", 'false', 'more bits than an address has are all of its bits'],
  [CLAIMS, '{ return false }', '{}', 'nothing is as false as false'],
  [CLAIMS, 'false', 'true', 'a token whose header cannot be read is refused for that, whatever its type'],
  [
    CERTIFICATE,
    "value.startsWith('\"')",
    "value.endsWith('\"')",
    'a value that Node quotes begins and ends with a quotation mark, and no other has one',
  ],
  [
    CERTIFICATE,
    String.raw`/^\s*([A-Za-z][A-Za-z0-9-]*|\d+(?:\.\d+)+)\s*=([\s\S]*)$/`,
    String.raw`/^\s*([A-Za-z][A-Za-z0-9-]*|\d+(?:\.\d+)+)\s*=([\s\S]*)/`,
    'the last group takes all that is left',
  ],
  [
    CERTIFICATE,
    String.raw`/^\s*([A-Za-z][A-Za-z0-9-]*|\d+(?:\.\d+)+)\s*=([\s\S]*)$/`,
    String.raw`/^\s*([A-Za-z][A-Za-z0-9-]*|\d(?:\.\d+)+)\s*=([\s\S]*)$/`,
    'the first number of an OID is one digit, 0 to 2',
  ],
  [CERTIFICATE, '/@.*$/', '/@.*/', 'an address is one line'],
  [CERTIFICATE, 'host.toLowerCase()', 'host.toUpperCase()', 'both addresses are written in one way, whichever'],
  [CERTIFICATE, '[]', '["Stryker was here"]', 'only the second and third entry are read'],
  [CERTIFICATE, String.raw`/(?<!\\) +$/`, String.raw`/(?<!\\) $/`, 'blanks at the ends are trimmed later too'],
  [CERTIFICATE, "type === ''", 'false', 'a text without = has no value either'],
  [
    CERTIFICATE,
    "unescaped(written).trim().replaceAll(/\\s+/g, ' ').toLowerCase()",
    "unescaped(written).trim().replaceAll(/\\s+/g, ' ').toUpperCase()",
    'both names are written in one way, whichever',
  ],
  ['src/clients/subjects.ts', 'bytes.length <= IV_BYTES', 'bytes.length < IV_BYTES', 'nothing decrypts to nothing'],
  ['src/clients/inferred-profile.ts', '[]', '["Stryker was here"]', 'the text is no URL'],
  ['src/clients/inferred-profile.ts', "typeof uri === 'string'", 'true', 'another value is refused in every profile'],
  [POLICY, "pkce === 'optional'", 'true', 'a member that is undefined is not stored'],
  [POLICY, "audience === 'token_endpoint'", 'true', 'a member that is undefined is not stored'],
  [DOCUMENT, 'grants === undefined', 'false', 'a member that is undefined counts as left out'],
  [DOCUMENT, 'best === undefined', 'false', 'a member that is undefined counts as left out'],
  [DOCUMENT, "method === 'none'", 'false', 'none is what is left where nothing is found'],
  [DOCUMENT, 'CHOSEN[member]?.find', 'CHOSEN[member].find', 'both tables have the same members'],
  ['src/clients/client-keys.ts', '[]', '["Stryker was here"]', 'the kind is known here'],
  ['src/clients/client-keys.ts', 'KINDS[kind]?.algs', 'KINDS[kind].algs', 'the kind is known here'],
  [
    'src/resource-server/credentials.ts',
    'value === undefined',
    'false',
    'one value that is undefined counts as none everywhere',
  ],
  [JWT_RULES, 'JSON.stringify(read) === text', 'false', 'a text in which no name repeats is only passed faster'],
  [ASSERTION, 'time !== undefined', 'true', 'no undefined time is ahead'],
]
