/**
 * The SQL of the table `kept_mails`: in development, the latest mails that would have been sent, sealed because they
 * contain codes.
 */
import type { Queryable } from '#database/database.ts'
import type { Keyring } from '#sealing/keyring.ts'

export interface KeptMail {
  readonly id: string
  readonly at: string
  readonly from: string
  readonly to: string
  readonly subject: string
  readonly text: string
  readonly html: string
}

export interface KeptMails {
  /** Stores a mail. A mail with a known id is the same mail and is not stored twice. */
  keep(mail: KeptMail): Promise<void>
  /** Newest first. */
  list(): Promise<KeptMail[]>
  find(id: string): Promise<KeptMail | undefined>
}

const PURPOSE = 'kept-mail'
const MAX_MAILS = 100

interface Row {
  readonly id: string
  readonly sealed: Buffer
}

export function createKeptMails(db: Queryable, keyring: Pick<Keyring, 'seal' | 'open'>): KeptMails {
  const open = ({ id, sealed }: Row) => JSON.parse(keyring.open(PURPOSE, sealed, id).toString()) as KeptMail
  return {
    async keep(mail) {
      await db.query(
        `WITH old AS (DELETE FROM kept_mails WHERE id IN (SELECT id FROM kept_mails ORDER BY kept_at DESC OFFSET $3))
         INSERT INTO kept_mails (id, sealed) VALUES ($1, $2) ON CONFLICT (id) DO NOTHING`,
        [mail.id, keyring.seal(PURPOSE, Buffer.from(JSON.stringify(mail)), mail.id), MAX_MAILS - 1],
      )
    },
    async list() {
      const { rows } = await db.query<Row>('SELECT id, sealed FROM kept_mails ORDER BY kept_at DESC, id LIMIT $1', [
        MAX_MAILS,
      ])
      return rows.map(open)
    },
    async find(id) {
      const { rows } = await db.query<Row>('SELECT id, sealed FROM kept_mails WHERE id = $1', [id])
      return rows[0] && open(rows[0])
    },
  }
}
