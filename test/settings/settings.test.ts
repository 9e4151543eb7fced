/** Settings on a real database: defaults, changes, contradictions, versions, audit, and what another node sees. */
import { expect, test } from 'vitest'
import { DEFAULT_SETTINGS } from '#settings/settings-schema.ts'
import { cloneDatabase } from '../support/postgres.ts'
import { eventually, SOON_MS } from '../support/eventually.ts'
import { openRooms, refusal } from '../support/rooms.ts'

const { url } = await cloneDatabase()
const [here, there] = await Promise.all([openRooms(url), openRooms(url)])
const { settings, audit } = here
const BY = { actor: { kind: 'client', id: 'cli-admin' }, address: '192.0.2.7', requestId: 'req-1' } as const

const change = (lifetimes: Record<string, unknown>, version?: number) => settings.change({ lifetimes }, version, BY)

test('everything has its default until it is set', async () => {
  expect(settings.current()).toEqual(DEFAULT_SETTINGS)
  expect(await settings.read()).toMatchObject({ values: DEFAULT_SETTINGS, given: {} })
})

test('a change holds here at once and on another node within a second, with an audit event', async () => {
  const state = await change({ refresh_grace_seconds: 30 })
  expect(state.given).toEqual({ lifetimes: { refresh_grace_seconds: 30 } })
  expect(settings.current().lifetimes.refresh_grace_seconds).toBe(30)
  await eventually(() => there.settings.current().lifetimes.refresh_grace_seconds === 30, SOON_MS)
  const [event] = await audit.list({ limit: 1, subject: 'settings' })
  expect(event).toMatchObject({
    type: 'settings.updated',
    outcome: 'success',
    actor: { kind: 'client', id: 'cli-admin' },
    detail: { changed: ['lifetimes.refresh_grace_seconds'], version: state.version },
  })
})

test('null takes the default again', async () => {
  await change({ refresh_grace_seconds: 30 })
  expect((await change({ refresh_grace_seconds: null })).given).toEqual({})
  expect(settings.current()).toEqual(DEFAULT_SETTINGS)
})

test('an idle time beyond the absolute one is refused and changes nothing', async () => {
  const before = await settings.read()
  expect(await refusal(change({ session_idle_seconds: 86_400, session_absolute_seconds: 3600 }))).toMatchObject({
    code: 'settings_invalid',
    status: 400,
    message: 'The settings contradict each other in: lifetimes.session_idle_seconds.',
    faults: [
      {
        field: 'lifetimes.session_idle_seconds',
        given: 86_400,
        expected: 'at most lifetimes.session_absolute_seconds, which is 3600',
      },
    ],
  })
  expect(await settings.read()).toEqual(before)
})

test('two changes at once are both kept, and one against an older version is refused', async () => {
  const { version } = await settings.read()
  await Promise.all([
    change({ id_token_seconds: 600 }),
    there.settings.change({ lifetimes: { interaction_seconds: 900 } }, undefined, BY),
  ])
  expect((await settings.read()).given).toEqual({ lifetimes: { id_token_seconds: 600, interaction_seconds: 900 } })
  expect(await refusal(change({ id_token_seconds: 700 }, version))).toMatchObject({
    code: 'version_mismatch',
    status: 412,
  })
})

test('a stored value that this release does not take counts as not set', async () => {
  await here.db.query(
    `UPDATE settings SET given = '{"lifetimes":{"id_token_seconds":-5},"later":{"x":1}}', version = 99`,
  )
  await settings.reload()
  expect(settings.current()).toEqual(DEFAULT_SETTINGS)
})
