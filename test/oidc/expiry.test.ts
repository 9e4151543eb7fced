/** Expired rows go in batches; what is still needed stays. */
import { expect, test } from 'vitest'
import { createDatabase } from '#database/pool.ts'
import { removeExpired } from '#oidc/adapter/expiry-store.ts'
import { atEnd } from '../support/endings.ts'
import { cloneDatabase } from '../support/postgres.ts'

test('removes what expired long enough ago, with what hangs on it, and nothing else', async () => {
  const { url } = await cloneDatabase()
  const db = createDatabase({ url })
  atEnd(() => db.close())
  await db.query(`INSERT INTO grants (id, payload, expires_at) VALUES
    ('old', '{}', now() - interval '2 days'), ('live', '{}', now() + interval '1 day')`)
  await db.query(`INSERT INTO artefacts (kind, id, payload, expires_at)
    SELECT 'RefreshToken', sha256(n::text::bytea), '{}', now() - interval '2 days' FROM generate_series(1, 2500) n`)
  await db.query(`INSERT INTO artefacts (kind, id, payload, grant_id, expires_at, consumed_at) VALUES
    ('RefreshToken', '\\x01', '{}', 'old', now() + interval '1 day', NULL),
    ('RefreshToken', '\\x02', '{}', 'live', now() + interval '1 day', now()),
    ('Interaction', '\\x03', '{}', NULL, now() - interval '1 hour', now()),
    ('Interaction', '\\x04', '{}', NULL, now() - interval '2 minutes', NULL),
    ('PushedAuthorizationRequest', '\\x05', '{}', NULL, now() - interval '2 minutes', NULL),
    ('PushedAuthorizationRequest', '\\x06', '{}', NULL, now() - interval '2 minutes', now()),
    ('AuthorizationCode', '\\x07', '{}', NULL, now() - interval '2 minutes', NULL),
    ('DeviceCode', '\\x08', '{}', NULL, now() - interval '2 minutes', NULL),
    ('DeviceCode', '\\x09', '{}', NULL, now() - interval '4 minutes', NULL),
    ('DeviceCode', '\\x0a', '{}', NULL, now() - interval '4 minutes', now())`)
  await db.query(`INSERT INTO replay_reservations VALUES ('\\x01', now() - interval '2 minutes'), ('\\x02', now())`)
  await db.query(`INSERT INTO sessions (uid, payload, expires_at, ended_at) VALUES
    ('old', '{}', now() - interval '2 days', NULL), ('ended', '{}', now() + interval '1 hour', now())`)
  // two nodes at once
  const both = await Promise.all([removeExpired(db), removeExpired(db)])
  const total = (table: string) => both.reduce((sum, removed) => sum + (removed[table] ?? 0), 0)
  expect(['artefacts', 'grants', 'replay_reservations', 'sessions'].map(total)).toEqual([2503, 1, 1, 1])
  const { rows } = await db.query<{ id: string }>("SELECT encode(id, 'hex') AS id FROM artefacts ORDER BY id")
  expect(rows.map(({ id }) => id)).toEqual(['02', '03', '06', '07', '08', '0a'])
  expect(await removeExpired(db)).toEqual({})
})
