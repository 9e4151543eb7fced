/** What a refresh token is worth beside races: a crowd of repeats, other wishes, refusals, and its end by the clock. */
import { beforeAll, describe, expect, test } from 'vitest'
import { type Answer, createWorld, type Family, type World } from '../support/refresh-world.ts'
import { eventually } from '../support/eventually.ts'
import { TRIES_ALL } from '../support/sample.ts'

const DAY = 86_400
/** A thousand are more than one process answers in time on a busy machine: most attempts would be 503 and come again. */
const CROWD = TRIES_ALL ? 1000 : 200
let world: World

beforeAll(async () => {
  world = await createWorld()
})

function successorOf({ status, body }: Answer): string {
  expect(status).toBe(200)
  return body['refresh_token'] as string
}

/** Asserts the answer, and the event that tells of it. */
async function isRefused(answer: Promise<Answer>, error: string, description: RegExp): Promise<void> {
  expect(await answer).toMatchObject({
    status: 400,
    body: { error, error_description: expect.stringMatching(description) as string },
  })
  const { rows } = await world.db.query('SELECT type, outcome, reason FROM audit_events ORDER BY id DESC LIMIT 1')
  expect(rows[0]).toMatchObject({
    type: description.source.includes('already used') ? 'token.reused' : 'token.refused',
    outcome: 'failure',
    reason: expect.stringContaining(error) as string,
  })
}

/** Writes to the stored refresh tokens of a family that were not used. */
async function change(family: Family, assignment: string): Promise<void> {
  await world.db.query(
    `UPDATE artefacts SET ${assignment} WHERE kind = 'RefreshToken' AND grant_id = $1 AND consumed_at IS NULL`,
    [family.grantId],
  )
}

/** As a client does: 503 and a connection that could not be had are no answer yet. */
async function untilAnswered(family: Family): Promise<Answer> {
  let answer: Answer | undefined
  await eventually(async () => {
    answer = await world.refresh(family.refreshToken).catch(() => undefined)
    return answer !== undefined && answer.status !== 503
  }, 100_000)
  return answer as Answer
}

test('a crowd of refreshes of one token at once gives one successor to all', { timeout: 120_000 }, async () => {
  const family = await world.family()
  const answers = await Promise.all(Array.from({ length: CROWD }, () => untilAnswered(family)))
  expect(answers.filter(({ status }) => status !== 200)).toEqual([])
  const successors = new Set(answers.map(successorOf))
  expect(successors.size).toBe(1)
  expect(await world.leaves(family)).toBe(1)
  const [successor] = successors
  successorOf(await world.refresh(successor as string))
})

describe('a repeat within the window', () => {
  test('gives the same successor whatever scope of the grant it asks', async () => {
    const { refreshToken, clientId } = await world.family()
    const successor = successorOf(await world.refresh(refreshToken))
    const narrower = await world.refresh(refreshToken, clientId, { scope: 'posts:read' })
    expect(successorOf(narrower)).toBe(successor)
    expect(narrower.body['scope']).toBe('posts:read')
    expect(narrower.body).not.toHaveProperty('id_token')
  })

  test('that is refused for its resource or scope changes nothing', async () => {
    const family = await world.family()
    const { refreshToken, clientId } = family
    const wrong = async () => {
      const scope = { scope: 'posts:write' }
      await isRefused(world.refresh(refreshToken, clientId, scope), 'invalid_scope', /scope/)
      const resource = { resource: 'https://other.example.com' }
      await isRefused(world.refresh(refreshToken, clientId, resource), 'invalid_target', /resource indicator/)
    }
    await wrong()
    const { rowCount: used } = await world.db.query(
      'SELECT 1 FROM artefacts WHERE grant_id = $1 AND consumed_at IS NOT NULL',
      [family.grantId],
    )
    expect(used).toBe(0)
    const successor = successorOf(await world.refresh(refreshToken))
    await wrong()
    expect(successorOf(await world.refresh(refreshToken))).toBe(successor)
    expect(await world.leaves(family)).toBe(1)
  })

  test('is over when the window is, and the window is counted from the first use', async () => {
    const family = await world.family()
    const successor = successorOf(await world.refresh(family.refreshToken))
    await world.age(family, 40)
    expect(successorOf(await world.refresh(family.refreshToken))).toBe(successor)
    await world.age(family, 21)
    await isRefused(world.refresh(family.refreshToken), 'invalid_grant', /already used/)
    await isRefused(world.refresh(successor), 'invalid_grant', /./)
  })
})

test('another client is refused, and changes nothing', async () => {
  const family = await world.family()
  await isRefused(world.refresh(family.refreshToken, world.otherClientId), 'invalid_grant', /./)
  const successor = successorOf(await world.refresh(family.refreshToken))
  await isRefused(world.refresh(family.refreshToken, world.otherClientId), 'invalid_grant', /./)
  expect(await world.leaves(family)).toBe(1)
  successorOf(await world.refresh(successor))
})

describe('by the clock of the database', () => {
  test('a token that was idle for too long is refused, and another one of its grant is not', async () => {
    const family = await world.family()
    await change(family, "expires_at = now() - interval '1 second'")
    await isRefused(world.refresh(family.refreshToken), 'invalid_grant', /expired/)
    expect(await world.introspect(family.refreshToken)).toEqual({ active: false })
    expect(await world.introspect(family.accessToken)).toMatchObject({ active: true })
  })

  test.each([
    [0, 30],
    [149, 30],
    [170, 10],
  ])('a family of %i days gets %i more', async (age, days) => {
    const family = await world.family()
    await change(
      family,
      `payload = jsonb_set(payload, '{iiat}', to_jsonb(${Math.floor(Date.now() / 1000) - age * DAY}))`,
    )
    successorOf(await world.refresh(family.refreshToken))
    const { rows } = await world.db.query<{ left: number }>(
      `SELECT extract(epoch FROM expires_at - now())::float8 AS left FROM artefacts
       WHERE kind = 'RefreshToken' AND grant_id = $1 AND consumed_at IS NULL`,
      [family.grantId],
    )
    expect(Math.abs((rows[0]?.left ?? 0) - days * DAY)).toBeLessThan(60)
  })
})
