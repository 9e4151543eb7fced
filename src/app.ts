/** Assembles the HTTP app: the middleware of each room, in the order in which a request passes through them. */
import Koa from 'koa'
import type { Middleware } from 'koa'
import { ACCOUNT_ROUTES, CHANGE_PASSWORD_PATH, createAccountPortal } from '#account-portal/account-portal.ts'
import { createAdminApi } from '#admin/api.ts'
import { setBrand } from '#pages/brand.ts'
import { createFront } from '#http/front.ts'
import { createErrorRenderer } from '#interactions/error/renderer.ts'
import { createHomePage } from '#interactions/home/page.ts'
import { createInteractions } from '#interactions/interactions.ts'
import { createMailLinks, MAIL_LINK_PATHS } from '#interactions/mail/links.ts'
import { withoutDeadEnds } from '#interactions/lost/lost.ts'
import { createSecurityTxt, SECURITY_TXT_PATH } from '#interactions/security-txt/endpoint.ts'
import { createPasskeyEndpoints, PASSKEY_ENDPOINTS_PATH } from '#interactions/passkey/endpoints.ts'
import { cookieSignatures } from '#oidc/configuration/cookies.ts'
import { DISCOVERY_PATHS, MTLS_PATHS, PROGRAM_PATHS, ROUTES } from '#oidc/engine/routes.ts'
import type { Services } from '#services.ts'
import { UPSTREAM_CALLBACK_PATH, UPSTREAM_SIGNED_OUT_PATH } from '#federation/paths.ts'

/** Path templates below the issuer, as logs and metrics name them. */
const TEMPLATES = [
  '/',
  ...Object.values(ROUTES),
  `${ROUTES.registration}/:id`,
  '/status-lists/:id',
  '/authorize/:uid',
  `${ROUTES.code_verification}/:uid`,
  '/logout/confirm',
  '/logout/success',
  ...ACCOUNT_ROUTES,
  '/interaction/:uid',
  '/interaction/:uid/:step',
  '/interaction/:uid/:step/options',
  '/interaction/:uid/upstream/:upstream',
  UPSTREAM_CALLBACK_PATH,
  `${UPSTREAM_CALLBACK_PATH}/:upstream`,
  UPSTREAM_SIGNED_OUT_PATH,
  ...DISCOVERY_PATHS,
  PASSKEY_ENDPOINTS_PATH,
  SECURITY_TXT_PATH,
  ...Object.values(MAIL_LINK_PATHS).flatMap((path) => [path, `${path}/last`]),
]

/** The methods that a path accepts. RFC 6749 §3.2, RFC 7009 §2, RFC 7662 §2.1, RFC 9126 §2, RFC 8628 §3.1: form POST only. */
const METHODS: Readonly<Record<string, readonly string[]>> = {
  [ROUTES.token]: ['POST'],
  [ROUTES.introspection]: ['POST'],
  [ROUTES.revocation]: ['POST'],
  [ROUTES.pushed_authorization_request]: ['POST'],
  [ROUTES.device_authorization]: ['POST'],
  [ROUTES.backchannel_authentication]: ['POST'],
  [ROUTES.code_verification]: ['GET', 'POST'],
  [ROUTES.jwks]: ['GET'],
  [PASSKEY_ENDPOINTS_PATH]: ['GET'],
  [SECURITY_TXT_PATH]: ['GET'],
  [UPSTREAM_CALLBACK_PATH]: ['GET', 'POST'],
  [UPSTREAM_SIGNED_OUT_PATH]: ['GET'],
  [ROUTES.authorization]: ['GET', 'POST'],
  [ROUTES.end_session]: ['GET', 'POST'],
  [ROUTES.userinfo]: ['GET', 'POST'],
}

/** The paths that programs call: their errors are JSON, whatever `Accept` says. */
const JSON_PATHS: readonly string[] = [...PROGRAM_PATHS, PASSKEY_ENDPOINTS_PATH, '/status-lists']

/**
 * Pages that share no browsing context group with pages of other origins. None that a sign-in leads through: an app
 * that opens it in a popup would lose its `opener`.
 */
const ISOLATED: readonly string[] = ['/account']

/** Path prefixes of the pages that people open in a browser. */
const PAGES: readonly string[] = [
  ROUTES.authorization,
  ROUTES.code_verification,
  ROUTES.end_session,
  '/interaction/',
  '/account',
  '/upstream/',
  ...Object.values(MAIL_LINK_PATHS),
]

export function createApp(services: Services): Koa {
  const { config, logger, metrics, oidc } = services
  const { issuer, production } = config
  const base = new URL(issuer).pathname.replace(/\/$/, '')
  const app = new Koa({ proxy: true, maxIpsCount: 1 })
  app.keys = cookieSignatures(services.keyring, services.restoreEpoch.number)
  app.silent = true
  setBrand(app, () => services.settings.current().brand)

  app.use(
    createFront({
      issuer,
      logger,
      metrics,
      errorPage: createErrorRenderer(issuer),
      isolatedPaths: ISOLATED.map((path) => base + path),
      problemPaths: [`${base}/admin/`],
      jsonPaths: [...JSON_PATHS.map((path) => base + path), ...DISCOVERY_PATHS, PASSKEY_ENDPOINTS_PATH],
      trustedProxies: config.trustedProxies,
      mtls: config.mtls && { ...config.mtls, paths: MTLS_PATHS.map((path) => base + path) },
      routes: TEMPLATES.map((template) => base + template),
      methods: Object.fromEntries(Object.entries(METHODS).map(([path, methods]) => [base + path, methods])),
      paced: PAGES.map((start) => base + start),
      postAsGet: [base + ROUTES.authorization, base + ROUTES.end_session],
    }),
  )
  if (base !== '') app.use(belowIssuer(base))
  app.use(createHomePage({ issuer, production, open: ['account'] }))
  app.use(createPasskeyEndpoints({ issuer }))
  app.use(createSecurityTxt({ issuer, settings: services.settings, clock: services.clock }))
  app.use(interactionsOf(services))
  app.use(accountPortalOf(services))
  app.use(mailLinksOf(services))
  app.use(adminApiOf(services))
  app.use(withoutDeadEnds)
  app.use(oidc.middleware)
  return app
}

function interactionsOf({ config, oidc, signIn, verification, federation, ...services }: Services): Middleware {
  const { accounts, resources, settings, csrf, writeBudget, audit, clock } = services
  const {
    methods,
    attempts,
    devices: knownDevices,
    passwords,
    passkeys,
    totp,
    recoveryCodes,
    progress,
    enrolments,
  } = signIn
  const { emailVerifications, identityCodes, registration, passwordReset, notifyPasswordChanged } = verification
  return createInteractions({
    issuer: config.issuer,
    gateway: oidc.gateway,
    frontChannel: oidc.frontChannel,
    devices: oidc.devices,
    browserSessions: oidc.browserSessions,
    accounts,
    resources,
    settings,
    csrf,
    audit,
    clock,
    lostFactors: services.lostFactors,
    methods,
    attempts,
    knownDevices,
    passwords,
    passkeys,
    totp,
    recoveryCodes,
    progress,
    enrolments,
    upstreamSignIn: federation.upstreamSignIn,
    writeBudget,
    emailVerifications,
    identityCodes,
    registration,
    passwordReset,
    notifyPasswordChanged,
    notifyNewBrowser: signIn.notifyNewBrowser,
  })
}

function accountPortalOf({ config, oidc, signIn, verification, federation, ...services }: Services): Middleware {
  const { accounts, accountAccess, clients, resources, mail, csrf, audit, clock } = services
  const { methods, enrolments, passwords, passkeys, totp, recoveryCodes, userCodes, assertNotLastCredential } = signIn
  return createAccountPortal({
    issuer: config.issuer,
    browserSessions: oidc.browserSessions,
    accounts,
    accountAccess,
    approvals: oidc.approvals,
    clients,
    resources,
    mail,
    csrf,
    audit,
    clock,
    methods,
    enrolments,
    passwords,
    passkeys,
    totp,
    recoveryCodes,
    userCodes,
    assertNotLastCredential,
    upstreamSignIn: federation.upstreamSignIn,
    emailAddress: verification.emailAddress,
    identityCodes: verification.identityCodes,
    lostFactors: services.lostFactors,
    settings: services.settings,
  })
}

function mailLinksOf({ config, csrf, verification }: Services): Middleware {
  const { emailVerifications, passwordReset, registration, invitations } = verification
  return createMailLinks({ issuer: config.issuer, csrf, emailVerifications, passwordReset, registration, invitations })
}

function adminApiOf({ config, logger, oidc, signIn, verification, federation, ...services }: Services): Middleware {
  const { clients, clientKeys, documents, initialAccessTokens, offers, resources, accounts, accountAccess } = services
  const { subjects, signingKeys, masterKeys, settings, audit } = services
  return createAdminApi({
    issuer: config.issuer,
    logger,
    hasEnded: oidc.hasEnded,
    clients,
    clientKeys,
    documents,
    initialAccessTokens,
    offers,
    resources,
    accounts,
    subjects,
    accountAccess,
    signingKeys,
    masterKeys,
    settings,
    audit,
    passwords: signIn.passwords,
    passwordReset: verification.passwordReset,
    invitations: verification.invitations,
    unlockFactors: signIn.unlockFactors,
    upstreams: federation.upstreams,
  })
}

/**
 * Strips the path of the issuer, so that every room sees paths below it. Also maps well-known paths from outside the
 * issuer's path: the path-insert form of the discovery documents (RFC 8414 §3.1; clients of OpenID Connect Discovery
 * try it first), and the documents that are looked up at the root of the host (RFC 8615 §3).
 */
function belowIssuer(base: string): Middleware {
  const inserted = new Map<string, string>(DISCOVERY_PATHS.map((path) => [path + base, path]))
  for (const path of [PASSKEY_ENDPOINTS_PATH, CHANGE_PASSWORD_PATH, SECURITY_TXT_PATH]) inserted.set(path, path)
  return async (ctx, next) => {
    const inside = ctx.path === base ? '/' : ctx.path.startsWith(`${base}/`) ? ctx.path.slice(base.length) : undefined
    const target = inserted.get(ctx.path) ?? inside
    if (target === undefined) return
    ctx.path = target
    await next()
  }
}
