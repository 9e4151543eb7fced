/** A process dies in the middle of concurrent refreshes: no family forks, none is lost, and what was revoked stays so. */
import { expect, test } from 'vitest'
import { administrator, PASSWORD } from '../support/administrator.ts'
import { type App, createApp, type TokenAnswer } from '../support/app.ts'
import { person } from '../support/person.ts'
import { asSuperuser } from '../support/postgres.ts'
import { type ServerProcess, startProcesses } from '../support/server.ts'
import { eventually } from '../support/eventually.ts'

const API = 'https://api.example.com'
const CALLBACK = 'http://localhost:5000/authorize'
const ada = { email: 'ada@example.com', password: PASSWORD }
const FAMILIES = 8
const KILLS = 6
const SCOPE = { scope: 'openid offline_access posts:read', resource: API }

/** One app that refreshes again and again on both nodes, in two tabs each time, as long as `goesOn`. */
interface Tabs {
  current: string
  answered: number
  lost: number
}

test('kill -9 of a node under concurrent refreshes', { timeout: 60_000 }, async () => {
  const nodes = (await startProcesses(2)) as [ServerProcess, ServerProcess]
  const admin = await administrator(nodes[0])
  await admin.resource(API, ['posts:read'])
  await admin.account(ada.email, ada.password)
  const client = await admin.client('spa', {
    redirect_uris: [CALLBACK],
    signet_allow: [{ resource: API, scopes: ['posts:read'] }],
  })
  const app = createApp(nodes[0], client, CALLBACK, true)
  // each person-and-browser of its own: a grant for each family
  const families = await Promise.all(
    Array.from({ length: FAMILIES }, async (): Promise<Tabs> => {
      const browser = person(() => nodes[0])
      const { body } = await app.redeem(await app.code(browser, ada, SCOPE))
      return { current: body['refresh_token'] as string, answered: 0, lost: 0 }
    }),
  )

  let goesOn = true
  const working = families.map((tabs) => rotate(app, nodes, tabs, () => goesOn))
  for (let kill = 0; kill < KILLS; kill++) {
    const before = answeredBy(families)
    await eventually(() => answeredBy(families) > before + 2 * FAMILIES + kill)
    const victim = nodes[kill % 2] as ServerProcess
    await victim.kill('SIGKILL')
    await victim.restart()
  }
  goesOn = false
  await Promise.all(working)
  const lost = families.reduce((sum, tabs) => sum + tabs.lost, 0)
  console.info(
    'refreshes answered:',
    families.map(({ answered }) => answered),
    'answers lost:',
    lost,
  )
  expect(lost, 'the kills hit nothing').toBeGreaterThan(0)

  const { rows } = await asSuperuser(
    (db) =>
      db.query<{ leaves: string }>(
        `SELECT count(*) FILTER (WHERE consumed_at IS NULL) AS leaves FROM artefacts
         WHERE kind = 'RefreshToken' GROUP BY grant_id`,
      ),
    nodes[0].databaseUrl,
  )
  expect(rows.map(({ leaves }) => leaves)).toEqual(families.map(() => '1'))

  // every family goes on, on either node, until it is revoked by one of them
  for (const [index, tabs] of families.entries()) {
    expect(tabs.answered).toBeGreaterThan(0)
    const refreshed = await app.refresh(tabs.current, {}, nodes[index % 2])
    expect(refreshed.status).toBe(200)
    tabs.current = refreshed.body['refresh_token'] as string
  }
  await revokeAll(app, nodes, families)
})

/** Two tabs refresh at once, each on one node; a lost answer is asked for again. All must get the same successor. */
async function rotate(app: App, nodes: readonly ServerProcess[], tabs: Tabs, goesOn: () => boolean): Promise<void> {
  while (goesOn()) {
    const answers = await Promise.all(nodes.map((node) => untilAnswered(app, nodes, node, tabs)))
    const successors = new Set(
      answers.map(({ status, body }) => (status === 200 ? body['refresh_token'] : `${status}`)),
    )
    expect([...successors], JSON.stringify(answers.map(({ body }) => body['error_description']))).toHaveLength(1)
    expect(answers.map(({ status }) => status)).toEqual([200, 200])
    tabs.current = answers[0]?.body['refresh_token'] as string
    tabs.answered += 2
  }
}

/** As an app does: the connection broke or the server is busy, so the request goes out again, to the next node. */
async function untilAnswered(
  app: App,
  nodes: readonly ServerProcess[],
  first: ServerProcess,
  tabs: Tabs,
): Promise<TokenAnswer> {
  const token = tabs.current
  let answer: TokenAnswer | undefined
  let node = nodes.indexOf(first)
  await eventually(async () => {
    answer = await app.refresh(token, {}, nodes[node]).catch(() => undefined)
    if (answer && answer.status !== 503) return true
    tabs.lost++
    node = (node + 1) % nodes.length
    return false
  }, 30_000)
  return answer as TokenAnswer
}

function answeredBy(families: readonly Tabs[]): number {
  return families.reduce((sum, { answered }) => sum + answered, 0)
}

/** Revokes while the node that is asked dies; once the answer is 200 nothing is left, wherever it is asked. */
async function revokeAll(
  app: App,
  nodes: readonly [ServerProcess, ServerProcess],
  families: readonly Tabs[],
): Promise<void> {
  const revoking = families.map(async ({ current }) => {
    let node: 0 | 1 = 0
    await eventually(async () => {
      const answer = await app.call('/revoke', { token: current }, nodes[node]).catch(() => undefined)
      node = node === 0 ? 1 : 0
      return answer?.status === 200
    }, 30_000)
  })
  // the first is answered, the others are under way
  await Promise.race(revoking)
  await nodes[0].kill('SIGKILL')
  await Promise.all(revoking)
  await nodes[0].restart()
  for (const { current } of families) {
    for (const node of nodes) {
      expect(await app.refresh(current, {}, node)).toMatchObject({ status: 400, body: { error: 'invalid_grant' } })
    }
  }
  const { rows } = await asSuperuser(
    (db) => db.query<{ left: string }>('SELECT count(*) AS left FROM grants'),
    nodes[0].databaseUrl,
  )
  expect(rows[0]?.left).toBe('0')
}
