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

/** Modules that end at an error page of ours, because there is no redirect URI to trust. */
const ERROR_PAGES = [
  'oidcc-ensure-redirect-uri-in-authorization-request',
  'oidcc-ensure-registered-redirect-uri',
  'oidcc-redirect-uri-query-added',
  'oidcc-redirect-uri-query-mismatch',
  'fapi2-security-profile-final-ensure-registered-redirect-uri',
  'fapi2-security-profile-final-ensure-redirect-uri-in-authorization-request',
  'fapi2-security-profile-final-ensure-unsigned-authorization-request-without-using-par-fails',
  'fapi2-security-profile-final-par-attempt-reuse-request_uri',
  'fapi2-security-profile-final-par-attempt-to-use-expired-request_uri',
  'fapi2-security-profile-final-par-attempt-to-use-request_uri-for-different-client',
] as const
/** Modules that sign out without a place to go on to. */
const SIGNED_OUT_PAGES = [
  'oidcc-rp-initiated-logout-no-params',
  'oidcc-rp-initiated-logout-no-post-logout-redirect-uri',
  'oidcc-rp-initiated-logout-only-state',
  'oidcc-rp-initiated-logout-no-id-token-hint',
] as const

export function browserSection(issuer: string, person: Person): BrowserSection {
  const [signIn, error] = [signInVisit(issuer, person), errorVisit(issuer)]
  const override = {
    ...forEach(ERROR_PAGES, [error]),
    ...forEach(SIGNED_OUT_PAGES, [signIn, signedOutVisit(issuer)]),
  }
  return { browser: [signIn, signOutVisit(issuer)], override }
}

function forEach(modules: readonly string[], browser: readonly Visit[]) {
  return Object.fromEntries(modules.map((name) => [name, { browser }]))
}

/** The first submit button of each page is its primary one. */
const PRIMARY: Command = ['click', 'css', 'button[type=submit]']

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
  const allow: Task = { task: 'Allow', match: interaction, optional: true, commands: [PRIMARY] }
  const formPost: Task = {
    task: 'Form of the answer',
    match: `${issuer}/authorize*`,
    optional: true,
    commands: [['wait', 'contains', '/callback', SECONDS]],
  }
  const back: Task = {
    task: 'Back at the suite',
    match: '*/test/*/callback*',
    commands: [['wait', 'id', 'submission_complete', SECONDS]],
  }
  return { match: `${issuer}/authorize*`, tasks: [signIn, allow, formPost, back] }
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

function errorVisit(issuer: string): Visit {
  const match = `${issuer}/authorize*`
  const kept: Command = ['wait', 'css', 'h1', SECONDS, '.', 'update-image-placeholder']
  return { match, tasks: [{ task: 'Error page', match, commands: [kept] }] }
}
