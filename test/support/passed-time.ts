/** Lets time pass in the database, by whose clock the server judges age and expiry, without waiting for it. */
import { asSuperuser } from './postgres.ts'

/**
 * Makes everything that is stored of codes and tokens, of all clients or of one, older by so many seconds: its use, and
 * what is left of its life.
 */
export async function letTimePass(databaseUrl: string, seconds: number, clientId?: string): Promise<void> {
  await asSuperuser(
    (client) =>
      client.query(
        `UPDATE artefacts SET consumed_at = consumed_at - make_interval(secs => $1),
           expires_at = expires_at - make_interval(secs => $1)
         WHERE $2::text IS NULL OR client_id = $2`,
        [seconds, clientId],
      ),
    databaseUrl,
  )
}

/** Lets codes, tokens and pushed requests of a client live longer, for a test that takes a while before it uses them. */
export async function keepValid(databaseUrl: string, clientId: string): Promise<void> {
  await asSuperuser(
    (client) =>
      client.query(
        `UPDATE artefacts SET expires_at = expires_at + interval '10 minutes'
         WHERE client_id = $1 OR kind = 'PushedAuthorizationRequest'`,
        [clientId],
      ),
    databaseUrl,
  )
}

const HOLD = `
  CREATE FUNCTION hold_the_moment() RETURNS trigger LANGUAGE plpgsql AS
    $$ BEGIN NEW.consumed_at := NEW.consumed_at + interval '1 minute'; RETURN NEW; END $$;
  CREATE TRIGGER hold_the_moment BEFORE UPDATE ON artefacts FOR EACH ROW
    WHEN (OLD.consumed_at IS NULL AND NEW.consumed_at IS NOT NULL) EXECUTE FUNCTION hold_the_moment()`
const LET_GO = 'DROP FUNCTION hold_the_moment CASCADE'

/**
 * Runs `work` with requests that are all sent at once: however slowly they run, each counts as under way at the same
 * time as the first use of a code, for which the product allows a second.
 */
export async function inOneMoment<T>(databaseUrl: string, work: () => Promise<T>): Promise<T> {
  await asSuperuser((client) => client.query(HOLD), databaseUrl)
  try {
    return await work()
  } finally {
    await asSuperuser((client) => client.query(LET_GO), databaseUrl)
  }
}

const RESTORED_EARLIER = `
  CREATE FUNCTION restored_earlier() RETURNS trigger LANGUAGE plpgsql AS
    $$ BEGIN NEW.began_at := NEW.began_at - interval '65 seconds'; RETURN NEW; END $$;
  CREATE TRIGGER restored_earlier BEFORE UPDATE ON restore_epoch FOR EACH ROW EXECUTE FUNCTION restored_earlier()`

/** From now on, when the database advances to another restore epoch, that was a minute ago. */
export async function aMinuteAgo(databaseUrl: string): Promise<void> {
  await asSuperuser((client) => client.query(RESTORED_EARLIER), databaseUrl)
}

/** From now on, a restore is as recent as it is. */
export async function justNow(databaseUrl: string): Promise<void> {
  await asSuperuser((client) => client.query('DROP FUNCTION restored_earlier CASCADE'), databaseUrl)
}
