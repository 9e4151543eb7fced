/** Asks, when the load is over, what became of everything that was answered: live, on both processes and in the tables. */
import { rowId } from '#oidc/adapter/sealing.ts'
import { assertionParams } from '../support/assertion.ts'
import { answerOf } from '../support/person.ts'
import type { Server } from '../support/server.ts'
import { type Family, refreshing } from './families.ts'
import type { Load, MadeClient } from './load.ts'
import { CALLBACK, type World } from './world.ts'

/** What an answer of after the load said, for one thing on one process. */
export interface Seen {
  readonly node: number
  readonly status: number
  readonly said: string
}

export interface FinalState {
  readonly families: readonly {
    readonly state: Family['state']
    readonly endedBy: Family['endedBy']
    readonly refreshed: readonly Seen[]
    /** Whether introspection calls its access token active; only of tokens that have not expired. */
    readonly introspected: readonly Seen[]
    /** What an authorization request without a page says to the cookies of before the sign-out. */
    readonly silent: readonly Seen[]
  }[]
  readonly clients: readonly { readonly state: MadeClient['state']; readonly asked: readonly Seen[] }[]
  readonly machineTokens: readonly Seen[]
  /** Audit events of the load by type and subject, and by the access token they tell of. */
  readonly audit: readonly {
    readonly type: string
    readonly subject: string | null
    readonly token: string | null
    readonly grant: string | null
    readonly client: string | null
  }[]
  /** Events of a client or account that was made, and is not there. */
  readonly orphanEvents: number
  /** Grants with more than one refresh token that was not used. */
  readonly forked: number
  /** Codes that were refused after a lost answer although nothing had spent them. */
  readonly unspentCodes: number
  readonly idleInTransaction: number
  readonly processes: readonly { readonly node: number; readonly pool: string; readonly bugs: readonly string[] }[]
}

/** Where the log and the audit log stand before the load. */
export interface Mark {
  readonly auditId: string
  readonly logLines: readonly number[]
}

const ACCESS_TOKEN_MS = 240_000
const CODE_MS = 50_000
const AT_ONCE = 8

export async function markOf(world: World): Promise<Mark> {
  const [row] = await world.sql<{ id: string }>('SELECT coalesce(max(id), 0)::text AS id FROM audit_events')
  return { auditId: row?.id ?? '0', logLines: world.nodes.map((node) => node.logLines().length) }
}

export async function finalState(world: World, load: Load, mark: Mark): Promise<FinalState> {
  const tables = await readTables(world, load, mark)
  const live = {
    families: await some(load.families, (family) => askFamily(world, family)),
    clients: await some(load.clients, async (client) => ({
      state: client.state,
      asked: await onBoth(world, (node) => machineToken(node, client.id, load)),
    })),
    machineTokens: await some(
      load.machineTokens.filter(({ at }) => performance.now() - at < ACCESS_TOKEN_MS).slice(-60),
      ({ token }, index) => introspect(world, index % 2, token),
    ),
  }
  return {
    ...tables,
    ...live,
    processes: await Promise.all(world.nodes.map((_, node) => processOf(world, node, mark))),
  }
}

async function readTables(world: World, load: Load, mark: Mark) {
  const audit = await world.sql<FinalState['audit'][number]>(
    `SELECT type, subject_id AS subject, detail->>'access_token_id' AS token, detail->>'grant_type' AS grant, client_id AS client
     FROM audit_events WHERE id > $1 AND outcome = 'success'
     AND (type <> 'token.issued' OR client_id <> ALL($2))`,
    [mark.auditId, [world.clients.prober.id, world.clients.otherSpa.id]],
  )
  const [forked] = await world.sql<{ count: number }>(
    `SELECT count(*)::int FROM (SELECT 1 FROM artefacts WHERE kind = 'RefreshToken' AND consumed_at IS NULL
     GROUP BY grant_id HAVING count(*) > 1) AS f`,
  )
  const lost = load.lostCodes.filter(({ presentedAfterMs }) => presentedAfterMs < CODE_MS)
  const [unspent] = await world.sql<{ count: number }>(
    `SELECT count(*)::int FROM artefacts WHERE kind = 'AuthorizationCode' AND id = ANY($1) AND consumed_at IS NULL`,
    [lost.map(({ code }) => rowId(code))],
  )
  const [orphans] = await world.sql<{ count: number }>(
    `SELECT count(*)::int FROM audit_events WHERE id > $1 AND (
     (type = 'client.created' AND subject_id NOT IN (SELECT id FROM clients))
     OR (type = 'account.created' AND subject_id NOT IN (SELECT sub FROM accounts)))`,
    [mark.auditId],
  )
  return {
    audit,
    orphanEvents: orphans?.count ?? 0,
    forked: forked?.count ?? 0,
    unspentCodes: unspent?.count ?? 0,
    idleInTransaction: await idle(world),
  }
}

async function idle(world: World): Promise<number> {
  const [row] = await world.sql<{ count: number }>(
    `SELECT count(*)::int FROM pg_stat_activity WHERE application_name LIKE 'signet%' AND state LIKE 'idle in transaction%'
     AND state_change < now() - interval '1 second'`,
  )
  return row?.count ?? 0
}

async function askFamily(world: World, family: Family): Promise<FinalState['families'][number]> {
  const { state, endedBy, signedOutCookie: cookie } = family
  const newest = family.refreshTokens.at(-1) as string
  const fresh = performance.now() - family.accessTokenAt < ACCESS_TOKEN_MS
  const introspected = fresh ? await onBoth(world, (_, node) => introspect(world, node, family.accessToken)) : []
  const refreshed = await onBoth(world, (node) => tokenAnswer(node, refreshing(world, newest).form))
  const silent = cookie === undefined ? [] : await onBoth(world, (node) => askSilently(world, node, cookie))
  return { state, endedBy, refreshed, introspected, silent }
}

async function askSilently(world: World, node: Server, cookie: string): Promise<Omit<Seen, 'node'>> {
  const query = new URLSearchParams({
    client_id: world.clients.spa.id,
    response_type: 'code',
    redirect_uri: CALLBACK,
    scope: 'openid',
    prompt: 'none',
    code_challenge: 'a'.repeat(43),
    code_challenge_method: 'S256',
  })
  const response = await node.fetch(`/authorize?${query.toString()}`, { headers: { cookie }, redirect: 'manual' })
  await response.arrayBuffer()
  const location = response.headers.get('location')
  const said = location === null ? '' : String(answerOf(new URL(location, node.issuer))['error'])
  return { status: response.status, said }
}

async function machineToken(node: Server, clientId: string, { key }: Load): Promise<Omit<Seen, 'node'>> {
  const own = await assertionParams({ issuer: node.issuer, clientId, key })
  return tokenAnswer(node, { grant_type: 'client_credentials', ...own })
}

async function tokenAnswer(node: Server, form: Record<string, string>): Promise<Omit<Seen, 'node'>> {
  const response = await node.fetch('/token', { method: 'POST', body: new URLSearchParams(form) })
  const body = (await response.json()) as Record<string, string>
  return { status: response.status, said: body['error'] ?? 'ok' }
}

async function introspect(world: World, node: number, token: string): Promise<Seen> {
  const { gateway } = world.clients
  const server = world.nodes[node] as Server
  const own = await assertionParams({ issuer: server.issuer, clientId: gateway.id, key: gateway.key })
  const response = await server.fetch('/introspect', { method: 'POST', body: new URLSearchParams({ token, ...own }) })
  const body = (await response.json()) as { active?: boolean }
  return { node, status: response.status, said: body.active === true ? 'active' : 'inactive' }
}

/** Asks both processes, one after the other. */
async function onBoth(
  world: World,
  ask: (node: Server, index: number) => Promise<Omit<Seen, 'node'>>,
): Promise<Seen[]> {
  const seen: Seen[] = []
  for (const [index, node] of world.nodes.entries()) seen.push({ ...(await ask(node, index)), node: index })
  return seen
}

async function some<Item, Result>(
  items: readonly Item[],
  ask: (item: Item, index: number) => Promise<Result>,
): Promise<Result[]> {
  const results: Result[] = []
  for (let from = 0; from < items.length; from += AT_ONCE) {
    const batch = items.slice(from, from + AT_ONCE)
    results.push(...(await Promise.all(batch.map((item, index) => ask(item, from + index)))))
  }
  return results
}

/** The pool must be at rest within three seconds, and nothing may have been logged as a bug. */
async function processOf(world: World, index: number, mark: Mark): Promise<FinalState['processes'][number]> {
  const node = world.nodes[index] as Server
  let pool = ''
  for (const deadline = performance.now() + 3000; performance.now() < deadline;) {
    const text = await (await fetch(`${node.managementUrl}/metrics`)).text()
    const figure = (name: RegExp) => Number(name.exec(text)?.[1] ?? NaN)
    const used = figure(/signet_database_pool_connections\{state="used"\} (\d+)/)
    const pending = figure(/signet_database_pool_pending (\d+)/)
    pool = `${used} used, ${pending} waiting`
    if (used === 0 && pending === 0) break
    await new Promise((resolve) => setTimeout(resolve, 100))
  }
  const lines = node.logLines().slice(mark.logLines[index])
  const bugs = lines.filter(({ level }) => level === 'error' || level === 'fatal')
  return { node: index, pool, bugs: bugs.map((line) => JSON.stringify(line).slice(0, 600)) }
}
