/** A storage adapter as often written: find, then upsert. The race tests must catch it spending everything twice. */
import type { Adapter, AdapterPayload } from 'oidc-provider'
import type pg from 'pg'

export const NAIVE_TABLE = `
  CREATE TABLE IF NOT EXISTS naive (kind text, id text, payload jsonb NOT NULL, PRIMARY KEY (kind, id))`

export function createNaiveAdapter(pool: pg.Pool): (kind: string) => Adapter {
  return (kind) => {
    async function find(id: string): Promise<AdapterPayload | undefined> {
      const { rows } = await pool.query<{ payload: AdapterPayload }>(
        'SELECT payload FROM naive WHERE kind = $1 AND id = $2',
        [kind, id],
      )
      return rows[0]?.payload
    }
    async function findBy(member: string, value: string): Promise<AdapterPayload | undefined> {
      const { rows } = await pool.query<{ payload: AdapterPayload }>(
        'SELECT payload FROM naive WHERE kind = $1 AND payload->>$2 = $3',
        [kind, member, value],
      )
      return rows[0]?.payload
    }
    async function upsert(id: string, payload: AdapterPayload): Promise<void> {
      await pool.query(
        'INSERT INTO naive VALUES ($1, $2, $3) ON CONFLICT (kind, id) DO UPDATE SET payload = excluded.payload',
        [kind, id, JSON.stringify(payload)],
      )
    }
    return {
      find,
      upsert,
      findByUid: (uid) => findBy('uid', uid),
      findByUserCode: (code) => findBy('userCode', code),
      async consume(id) {
        const payload = await find(id)
        if (payload) await upsert(id, { ...payload, consumed: Math.floor(Date.now() / 1000) })
      },
      async destroy(id) {
        await pool.query('DELETE FROM naive WHERE kind = $1 AND id = $2', [kind, id])
      },
      async revokeByGrantId(grantId) {
        await pool.query("DELETE FROM naive WHERE kind = $1 AND payload->>'grantId' = $2", [kind, grantId])
      },
    }
  }
}
