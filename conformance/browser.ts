/**
 * The `browser` section of the suite's configuration: what its scripted browser does on our pages. A task is done on the
 * page that the browser is at, if the page matches; one that is optional is left out otherwise.
 */

/** `["click", by, target]`, `["text", by, target, text]`, or `["wait", by, target, seconds, pattern]`, and what may be missing. */
export type Command = readonly (string | number)[]

export interface Task {
  readonly task: string
  readonly match: string
  readonly optional?: true
  readonly commands?: readonly Command[]
}

export interface Visit {
  /** The URLs that it is for; `*` is any text. */
  readonly match: string
  /** How often it is done; later visits are those of the next entry that matches. */
  readonly 'match-limit'?: number
  readonly tasks: readonly Task[]
}

export interface Person {
  readonly email: string
  readonly password: string
}

/** A page that the suite keeps as proof, where the module asks for one. */
const KEPT = 'update-image-placeholder-optional'
const SECONDS = 10

export interface BrowserSection {
  readonly browser: readonly Visit[]
  /** Other sections for single modules, by their names. */
  readonly override: Readonly<Record<string, { readonly browser: readonly Visit[] }>>
}

const FAPI2 = 'fapi2-security-profile-final'
/** Modules that end at an error page of ours at once, because there is no redirect URI to trust. */
const ERROR_PAGES = [
  'oidcc-ensure-redirect-uri-in-authorization-request',
  'oidcc-ensure-registered-redirect-uri',
  'oidcc-redirect-uri-query-added',
  'oidcc-redirect-uri-query-mismatch',
  `${FAPI2}-par-attempt-to-use-expired-request_uri`,
  `${FAPI2}-par-attempt-to-use-request_uri-for-different-client`,
]
/** Modules whose sign-out leads nowhere else: there is no redirect URI, or no hint that vouches for it. */
const SIGNED_OUT_PAGES = [
  'no-params',
  'no-post-logout-redirect-uri',
  'only-state',
  'no-id-token-hint',
  'bad-id-token-hint',
  'modified-id-token-hint',
].map((name) => `oidcc-rp-initiated-logout-${name}`)
/** Modules whose sign-out is refused. */
const SIGN_OUT_ERRORS = ['bad-post-logout-redirect-uri', 'query-added-to-post-logout-redirect-uri'].map(
  (name) => `oidcc-rp-initiated-logout-${name}`,
)

export function browserSection(issuer: string, person: Person): BrowserSection {
  const signIn = signInVisit(issuer, person)
  const error = errorVisit(issuer, '/authorize')
  const override = {
    ...forEach(ERROR_PAGES, [error]),
    ...forEach(SIGNED_OUT_PAGES, [signIn, signedOutVisit(issuer)]),
    ...forEach(SIGN_OUT_ERRORS, [signIn, errorVisit(issuer, '/logout')]),
    [`${FAPI2}-user-rejects-authentication`]: { browser: [rejectVisit(issuer)] },
    // a request_uri is used up once the person has answered
    [`${FAPI2}-par-attempt-reuse-request_uri`]: { browser: [once(signIn), error] },
    [`${FAPI2}-par-ensure-reused-request-uri-prior-to-auth-completion-succeeds`]: {
      browser: [once(lookVisit(issuer)), signIn],
    },
  }
  return { browser: [signIn, signOutVisit(issuer)], override }
}

function once(visit: Visit): Visit {
  return { ...visit, 'match-limit': 1 }
}

function forEach(modules: readonly string[], browser: readonly Visit[]) {
  return Object.fromEntries(modules.map((name) => [name, { browser }]))
}

/** The first submit button of each page is its primary one. */
const PRIMARY: Command = ['click', 'css', 'button[type=submit]']

const BACK: Task = {
  task: 'Back at the suite',
  match: '*/test/*/callback*',
  commands: [['wait', 'id', 'submission_complete', SECONDS]],
}

function signInVisit(issuer: string, { email, password }: Person): Visit {
  const interaction = `${issuer}/interaction*`
  const signIn: Task = {
    task: 'Sign in',
    match: interaction,
    optional: true,
    commands: [
      ['wait', 'css', 'h1', SECONDS, '.', KEPT],
      // no such fields: the person is signed in already, and the page asks for consent
      ['text', 'name', 'identifier', email, 'optional'],
      ['text', 'name', 'password', password, 'optional'],
      PRIMARY,
    ],
  }
  const consent: Task = { task: 'Consent', match: interaction, optional: true, commands: [PRIMARY] }
  const formPost: Task = {
    task: 'Form of the answer',
    match: `${issuer}/authorize*`,
    optional: true,
    commands: [['wait', 'contains', '/callback', SECONDS]],
  }
  return { match: `${issuer}/authorize*`, tasks: [signIn, consent, formPost, BACK] }
}

/** The person goes back instead of signing in: an earlier consent is remembered, so there may be no other question. */
function rejectVisit(issuer: string): Visit {
  const commands: readonly Command[] = [['click', 'css', '.close button[type=submit]']]
  return { match: `${issuer}/authorize*`, tasks: [{ task: 'Reject', match: `${issuer}/interaction*`, commands }, BACK] }
}

function signOutTask(match: string): Task {
  // no button: a hint of the running session has answered the question
  return { task: 'Sign out', match, optional: true, commands: [[...PRIMARY, 'optional']] }
}

function signOutVisit(issuer: string): Visit {
  const match = `${issuer}/logout*`
  const frames: Task = {
    task: 'Frames of apps',
    match,
    optional: true,
    commands: [['wait', 'contains', '/post_logout_redirect', SECONDS]],
  }
  const back: Task = { task: 'Back at the suite', match: '*/test/*/post_logout_redirect*' }
  return { match, tasks: [signOutTask(match), frames, back] }
}

function signedOutVisit(issuer: string): Visit {
  const match = `${issuer}/logout*`
  const kept: Command = ['wait', 'css', 'h1', SECONDS, 'You are signed out', 'update-image-placeholder']
  return { match, tasks: [signOutTask(match), { task: 'Signed out', match, commands: [kept] }] }
}

function errorVisit(issuer: string, path: string): Visit {
  const match = `${issuer}${path}*`
  const kept: Command = ['wait', 'css', 'h1', SECONDS, '.', 'update-image-placeholder']
  return { match, tasks: [{ task: 'Error page', match, commands: [kept] }] }
}

/** The page is looked at, and nothing is done there. */
function lookVisit(issuer: string): Visit {
  return {
    match: `${issuer}/authorize*`,
    tasks: [{ task: 'Look', match: `${issuer}/interaction*`, commands: [['wait', 'css', 'h1', SECONDS]] }],
  }
}
