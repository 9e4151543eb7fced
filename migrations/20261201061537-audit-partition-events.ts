import type { Knex } from 'knex'

/** Runs outside a transaction, so that no lock that delays requests is held while the whole table is read. */
export const config = { transaction: false }

/**
 * Makes the table the first of monthly partitions. Its rows are read twice, for the bound and for an index, while
 * events are written as usual; they are not copied. Can be repeated after an interruption.
 */
export async function up(knex: Knex): Promise<void> {
  if (await isPartitioned(knex)) return
  // from an interrupted attempt
  await knex.raw('ALTER TABLE audit_events DROP CONSTRAINT IF EXISTS audit_events_bound')
  // far enough ahead for the other nodes to write until the last step
  const { rows } = await knex.raw<{ rows: { bound: string; following: string; after: string }[] }>(`
    SELECT to_char(month + interval '2 months', 'YYYY-MM-DD') AS bound,
      to_char(month + interval '3 months', 'YYYY-MM-DD') AS following,
      to_char(month + interval '2 months', 'YYYY_MM') AS after
    FROM date_trunc('month', now() AT TIME ZONE 'UTC') AS month`)
  const { bound, following, after } = rows[0] as (typeof rows)[number]
  await knex.raw(
    `ALTER TABLE audit_events ADD CONSTRAINT audit_events_bound CHECK (at < '${bound} 00:00:00+00') NOT VALID`,
  )
  await knex.raw('ALTER TABLE audit_events VALIDATE CONSTRAINT audit_events_bound')
  // may wait for older transactions, such as a backup: it blocks nothing meanwhile
  await knex.raw('SET lock_timeout = 0')
  await knex.raw('DROP INDEX CONCURRENTLY IF EXISTS audit_events_first_id')
  await knex.raw('CREATE UNIQUE INDEX CONCURRENTLY audit_events_first_id ON audit_events (id, at)')
  await knex.raw("SET lock_timeout = '2s'")
  await knex.transaction(async (trx) => {
    await trx.raw(`
      LOCK TABLE audit_events IN ACCESS EXCLUSIVE MODE;
      ALTER TABLE audit_events RENAME TO audit_events_first;
      ALTER INDEX audit_events_account RENAME TO audit_events_first_account;
      ALTER INDEX audit_events_subject RENAME TO audit_events_first_subject;
      CREATE SEQUENCE audit_event_ids;
      SELECT setval('audit_event_ids', coalesce((SELECT max(id) FROM audit_events_first), 0) + 1, false);
      ALTER TABLE audit_events_first ALTER COLUMN id DROP IDENTITY;
      CREATE TABLE audit_events (LIKE audit_events_first INCLUDING DEFAULTS) PARTITION BY RANGE (at);
      ALTER TABLE audit_events ALTER COLUMN id SET DEFAULT nextval('audit_event_ids');
      ALTER SEQUENCE audit_event_ids OWNED BY audit_events.id;
      CREATE UNIQUE INDEX audit_events_id ON audit_events (id, at);
      CREATE INDEX audit_events_account ON audit_events (account_id, id DESC) WHERE account_id IS NOT NULL;
      CREATE INDEX audit_events_subject ON audit_events (subject_id, id DESC) WHERE subject_id IS NOT NULL;
      ALTER TABLE audit_events
        ATTACH PARTITION audit_events_first FOR VALUES FROM (MINVALUE) TO ('${bound} 00:00:00+00');
      CREATE TABLE audit_events_${after} PARTITION OF audit_events
        FOR VALUES FROM ('${bound} 00:00:00+00') TO ('${following} 00:00:00+00');
      -- takes the events that no other partition is for
      CREATE TABLE audit_events_default PARTITION OF audit_events DEFAULT;
      ALTER TABLE audit_events_first DROP CONSTRAINT audit_events_bound;
    `)
    await copyPrivileges(trx, 'audit_events_first', 'audit_events')
  })
}

/** Grants what is granted on one table on another too: the serving role may not be the owner of the schema. */
async function copyPrivileges(trx: Knex.Transaction, from: string, to: string): Promise<void> {
  await trx.raw(`
    DO $$ DECLARE given record; BEGIN
      FOR given IN SELECT DISTINCT grantee::regrole::text AS role, privilege_type AS privilege
        FROM pg_class, aclexplode(relacl) WHERE oid = '${from}'::regclass AND grantee <> 0
      LOOP
        EXECUTE format('GRANT %s ON ${to} TO %s', given.privilege, given.role);
        IF given.privilege = 'INSERT' THEN EXECUTE format('GRANT USAGE ON SEQUENCE audit_event_ids TO %s', given.role);
        END IF;
      END LOOP;
    END $$`)
}

export async function down(knex: Knex): Promise<void> {
  if (!(await isPartitioned(knex))) return
  await knex.transaction(async (trx) => {
    await trx.raw(`
      LOCK TABLE audit_events IN ACCESS EXCLUSIVE MODE;
      CREATE TABLE audit_events_whole (LIKE audit_events INCLUDING DEFAULTS);
      ALTER TABLE audit_events_whole ALTER COLUMN id DROP DEFAULT;
      ALTER TABLE audit_events_whole ALTER COLUMN id ADD GENERATED ALWAYS AS IDENTITY, ADD PRIMARY KEY (id);
      INSERT INTO audit_events_whole OVERRIDING SYSTEM VALUE SELECT * FROM audit_events;
      SELECT setval(pg_get_serial_sequence('audit_events_whole', 'id'),
        (SELECT greatest(last_value, 1) FROM audit_event_ids));
    `)
    await copyPrivileges(trx, 'audit_events', 'audit_events_whole')
    await trx.raw(`
      DROP TABLE audit_events;
      ALTER TABLE audit_events_whole RENAME TO audit_events;
      ALTER INDEX audit_events_whole_pkey RENAME TO audit_events_pkey;
      ALTER SEQUENCE audit_events_whole_id_seq RENAME TO audit_events_id_seq;
      CREATE INDEX audit_events_account ON audit_events (account_id, id DESC) WHERE account_id IS NOT NULL;
      CREATE INDEX audit_events_subject ON audit_events (subject_id, id DESC) WHERE subject_id IS NOT NULL;
    `)
  })
}

async function isPartitioned(knex: Knex): Promise<boolean> {
  const { rows } = await knex.raw<{ rows: unknown[] }>(
    "SELECT 1 FROM pg_class WHERE oid = to_regclass('audit_events') AND relkind = 'p'",
  )
  return rows.length > 0
}
