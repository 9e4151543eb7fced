/** Apps of people: each family of refresh tokens from its sign-in to its end, in one or two tabs. */
import type { Caller, Called } from './caller.ts'
import { type Browser, createBrowser } from './browser.ts'
import type { World } from './world.ts'

export interface Family {
  /** `live`: answered and never ended; `ended`: its end was answered; `unsure`: the load stopped in between. */
  state: 'live' | 'ended' | 'unsure'
  endedBy: 'revoke' | 'logout' | undefined
  /** Every refresh token that was given out, newest last. */
  readonly refreshTokens: string[]
  accessToken: string
  /** When it was issued, `performance.now()`. */
  accessTokenAt: number
  /** The cookies right before it was signed out. */
  signedOutCookie: string | undefined
}

/** A code whose answer was lost and that is refused now: it must have been spent. */
export interface LostCode {
  readonly code: string
  readonly presentedAfterMs: number
}

export interface Begun {
  readonly families: Family[]
  readonly lostCodes: LostCode[]
}

/** One tab after the other, as long as the load goes on. */
export async function keepSigningIn(world: World, caller: Caller, begun: Begun): Promise<void> {
  while (caller.goesOn()) {
    const offline = caller.random() < 0.4
    const who = world.people[Math.floor(caller.random() * world.people.length)] as World['people'][number]
    const browser = createBrowser(world, caller)
    const grant = await browser.code(who, offline)
    const family = grant && (await redeem(world, caller, grant, begun))
    if (!family) continue
    begun.families.push(family)
    for (let left = 2 + Math.floor(caller.random() * 8); left > 0 && caller.goesOn(); left--) {
      await caller.think()
      await refresh(world, caller, family)
      if (caller.random() < 0.25) await introspect(world, caller, family)
    }
    const end = caller.random()
    if (end < 0.35) await revoke(world, caller, family)
    else if (end < 0.7 && !offline) await signOut(caller, family, browser)
  }
}

async function redeem(
  world: World,
  caller: Caller,
  { code, verifier }: { code: string; verifier: string },
  { lostCodes }: Begun,
): Promise<Family | undefined> {
  const sent = () => ({
    kind: 'exchange' as const,
    path: '/token',
    presented: code,
    form: {
      grant_type: 'authorization_code',
      code,
      code_verifier: verifier,
      client_id: world.clients.spa.id,
      redirect_uri: 'https://shop.example.com/callback',
    },
  })
  const started = performance.now()
  // sometimes a person's double click: the code arrives twice, at both processes
  const twice = caller.random() < 0.15
  const answers = twice ? await Promise.all([0, 1].map((node) => caller.send(node, sent()))) : []
  const known = answers.find(({ outcome }) => outcome === 'ok')
  const answer = known ?? (await caller.untilAnswered(sent))
  if (answer.outcome === 'ok') return familyOf(answer)
  lostCodes.push({ code, presentedAfterMs: performance.now() - started })
  return undefined
}

function familyOf({ body }: Called): Family {
  return {
    state: 'live',
    endedBy: undefined,
    refreshTokens: [body['refresh_token'] as string],
    accessToken: body['access_token'] as string,
    accessTokenAt: performance.now(),
    signedOutCookie: undefined,
  }
}

/** In one tab or in two at once; a lost answer is asked for again, and every answer must be the same successor. */
async function refresh(world: World, caller: Caller, family: Family): Promise<void> {
  const presented = family.refreshTokens.at(-1) as string
  const tabs = caller.random() < 0.25 ? 2 : 1
  const answers = await Promise.all(
    Array.from({ length: tabs }, () => caller.untilAnswered(() => refreshing(world, presented))),
  )
  for (const { outcome, body } of answers) {
    if (outcome === 'ok') take(family, body)
    else caller.complain('I6', `a refresh was refused: ${JSON.stringify(body)}`)
  }
}

export function refreshing(world: World, presented: string) {
  return {
    kind: 'refresh' as const,
    path: '/token',
    presented,
    form: { grant_type: 'refresh_token', refresh_token: presented, client_id: world.clients.spa.id },
  }
}

function take(family: Family, body: Record<string, unknown>): void {
  const successor = body['refresh_token'] as string
  if (!family.refreshTokens.includes(successor)) family.refreshTokens.push(successor)
  family.accessToken = body['access_token'] as string
  family.accessTokenAt = performance.now()
}

async function introspect(world: World, caller: Caller, family: Family): Promise<void> {
  const { outcome, body } = await caller.untilAnswered(async () => ({
    kind: 'introspect' as const,
    path: '/introspect',
    form: { token: family.accessToken, ...(await caller.authenticated(world.clients.gateway)) },
  }))
  if (outcome !== 'ok' || body['active'] !== true) {
    caller.complain('I3', `an access token of a moment ago is not active: ${JSON.stringify(body)}`)
  }
}

/** Sometimes while another tab refreshes: whatever that gets must be dead with the rest. */
async function revoke(world: World, caller: Caller, family: Family): Promise<void> {
  const presented = family.refreshTokens.at(-1) as string
  const other = caller.random() < 0.3 ? caller.send(caller.node(), refreshing(world, presented)) : undefined
  family.state = 'unsure'
  const { outcome, body } = await caller.untilAnswered(() => ({
    kind: 'revoke' as const,
    path: '/revoke',
    presented,
    form: { token: presented, token_type_hint: 'refresh_token', client_id: world.clients.spa.id },
  }))
  if (outcome !== 'ok') caller.complain('I6', `a revocation was refused: ${JSON.stringify(body)}`)
  const raced = await other
  if (raced?.outcome === 'ok') take(family, raced.body)
  family.state = 'ended'
  family.endedBy = 'revoke'
}

async function signOut(caller: Caller, family: Family, browser: Browser): Promise<void> {
  family.state = 'unsure'
  family.signedOutCookie = browser.cookie()
  await browser.signOut()
  family.state = 'ended'
  family.endedBy = 'logout'
}
