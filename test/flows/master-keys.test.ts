/** The master key changes while two servers run: what each sealed the other opens, and nothing needs the old key. */
import { beforeAll, describe, expect, test, vi } from 'vitest'
import { SEALED_COLUMNS } from '#services/sealed-columns.ts'
import { createKeyring, masterKeyId } from '#sealing/keyring.ts'
import { runSignet } from '../cli/support/signet.ts'
import { type Administrator, administrator, PASSWORD } from '../support/administrator.ts'
import { createApp } from '../support/app.ts'
import { runFlows } from '../support/flows.ts'
import { answerOf, person, type Person, type Visit } from '../support/person.ts'
import { asSuperuser, cloneDatabase } from '../support/postgres.ts'
import { CALLBACK, CHECKS, hold, type Holdings, type Stage } from '../support/revocation-holdings.ts'
import { freePort } from '../support/ports.ts'
import { type Server, startServer, temporaryDir } from '../support/server.ts'

vi.setConfig({ testTimeout: 120_000, hookTimeout: 120_000 })

const [OLD, NEW] = [1, 2].map((byte) => Buffer.alloc(32, byte)) as [Buffer, Buffer]
const text = (...keys: Buffer[]) => keys.map((key) => key.toString('base64url')).join(',')
const oldId = masterKeyId(OLD)
const newId = masterKeyId(NEW)
const ada = { email: 'ada@example.com', password: PASSWORD }
const SECRET = 'a secret of an authenticator app'
const codeKey = Buffer.alloc(32, 9)

interface Node {
  readonly server: Server
  /** Starts it again with these keys. */
  keys(...keys: Buffer[]): Promise<void>
}

let first: Node
let second: Node
let admin: Administrator
let stage: Stage
let sub: string

async function aNode(databaseUrl: string, keysDir: string, issuer?: string): Promise<Node> {
  const env = { SIGNET_MASTER_KEYS: text(OLD), ...(issuer === undefined ? {} : { SIGNET_ISSUER: issuer }) }
  const server = await startServer({ databaseUrl, keysDir, env })
  return {
    server,
    async keys(...keys) {
      await server.stop()
      await server.restart({ SIGNET_MASTER_KEYS: text(...keys) })
    },
  }
}

beforeAll(async () => {
  const { url } = await cloneDatabase()
  const keysDir = temporaryDir('keys')
  first = await aNode(url, keysDir)
  second = await aNode(url, keysDir, first.server.issuer)
  admin = await administrator(first.server)
  await runFlows(first.server)
  await admin.account(ada.email, ada.password)
  sub = await admin.account('grace@example.com', PASSWORD)
  stage = {
    first: first.server,
    second: second.server,
    admin,
    gateway: createApp(first.server, await admin.client('machine', { signet_introspect: true }), CALLBACK),
    visitor: createApp(first.server, await admin.client('web', { redirect_uris: [CALLBACK] }), CALLBACK),
  }
})

/** `table.column` of every value in the database that is sealed under the key. */
async function placesOf(keyId: string): Promise<string[]> {
  return asSuperuser(async (client) => {
    const { rows: columns } = await client.query<{ place: string; name: string; column: string }>(
      `SELECT c.relname || '.' || a.attname AS place, format('%I', c.relname) AS name, format('%I', a.attname) AS column
       FROM pg_attribute a JOIN pg_class c ON c.oid = a.attrelid
       WHERE a.atttypid = 'bytea'::regtype AND c.relkind IN ('r', 'p') AND NOT c.relispartition
         AND c.relnamespace = 'public'::regnamespace`,
    )
    const found: string[] = []
    for (const { place, name, column } of columns) {
      const { rowCount } = await client.query(
        `SELECT 1 FROM ${name} WHERE substring(${column} FROM 1 FOR 9) = $1 LIMIT 1`,
        [Buffer.from(`01${keyId}`, 'hex')],
      )
      if (rowCount) found.push(place)
    }
    return found.toSorted()
  }, first.server.databaseUrl)
}

/** Every table of ours as text, in one. */
async function dump(): Promise<string> {
  return asSuperuser(async (client) => {
    const { rows: tables } = await client.query<{ name: string }>(
      `SELECT format('%I.%I', schemaname, tablename) AS name FROM pg_tables
       WHERE schemaname NOT IN ('pg_catalog', 'information_schema')`,
    )
    const texts: string[] = []
    for (const { name } of tables) {
      const { rows } = await client.query<{ line: string }>(`SELECT t::text AS line FROM ONLY ${name} t`)
      texts.push(...rows.map(({ line }) => line))
    }
    return texts.join('\n')
  }, first.server.databaseUrl)
}

function signet(args: readonly string[], env: Record<string, string> = {}) {
  const { keysDir, issuer, databaseUrl } = first.server
  return runSignet(args, {
    dir: keysDir,
    env: { SIGNET_ISSUER: issuer, SIGNET_KEYS_DIR: keysDir, DATABASE_URL: databaseUrl, ...env },
  })
}

async function refusedStart(...keys: Buffer[]): Promise<string> {
  const ports = { PORT: String(await freePort()), SIGNET_MANAGEMENT_PORT: '0' }
  const { code, stderr } = await signet(['serve'], { ...ports, SIGNET_MASTER_KEYS: text(...keys) })
  expect(code).toBe(1)
  return stderr
}

const wanted = (id: string, ...given: string[]) =>
  `This database was sealed with the master key ${id}, and the one given is ${given.join(', ')}: put the wanted key back into master.key of the keys directory, or into SIGNET_MASTER_KEYS.\n`

/** A sign-in that is begun on one process and goes on later, perhaps on the other. */
function aSignIn(at: () => Server): { browser: Person; begin(): Promise<Visit> } {
  const browser = person(at)
  return { browser, begin: () => browser.visit(stage.visitor.begin().url) }
}

async function finish(browser: Person, page: Visit): Promise<Record<string, unknown>> {
  let next = await browser.submit(page, { identifier: ada.email, password: ada.password })
  if (/name="decision"/.test(next.html)) next = await browser.submit(next, {}, { name: 'decision', value: 'allow' })
  if (!next.left) throw new Error(`the app was not reached: ${next.status} ${next.url}`)
  return answerOf(next.left)
}

describe('step by step', () => {
  let holdings: Holdings
  let opened: { at: Server; browser: Person; page: Visit }
  let signedIn: Person

  test('the new key behind the old one on every server changes nothing', async () => {
    for (const node of [first, second]) await node.keys(OLD, NEW)
    holdings = await hold(stage)
    // a factor of another person, a mail that was kept and a code, as their rooms seal them
    const sealed = createKeyring([OLD]).seal('totp', SECRET, sub)
    const mail = createKeyring([OLD]).seal('kept-mail', SECRET, 'mail-1')
    await asSuperuser(async (client) => {
      await client.query('INSERT INTO totp_credentials (account_sub, sealed, pending) VALUES ($1, $2, $2)', [
        sub,
        sealed,
      ])
      await client.query("INSERT INTO kept_mails (id, sealed) VALUES ('mail-1', $1)", [mail])
      await client.query(
        `INSERT INTO email_codes (key, code_mac, token_hash, sealed, expires_at)
         VALUES ($1, $1, $1, $2, now() + interval '1 day')`,
        [codeKey, createKeyring([OLD]).seal('email-code', SECRET, codeKey.toString('hex'))],
      )
      await client.query(
        "INSERT INTO mail_errands (key, sealed, expires_at) VALUES ($1, $2, now() + interval '1 day')",
        [codeKey, createKeyring([OLD]).seal('mail-errand', SECRET, codeKey.toString('hex'))],
      )
    }, first.server.databaseUrl)
    signedIn = person(() => second.server)
    await stage.visitor.code(signedIn, ada)
    // what the question of the sign-out page must match
    await signedIn.visit(`${first.server.issuer}/logout`)
    expect(await placesOf(newId)).toEqual([])
    const places = SEALED_COLUMNS.map(({ table, column }) => `${table}.${column}`)
    expect(await placesOf(oldId)).toEqual([...places, 'master_key_checks.sealed'].toSorted())
  })

  test('with the new key first on one server and the old one on the other, each goes on with what the other began', async () => {
    await first.keys(NEW, OLD)
    for (const [here, there] of [
      [first.server, second.server],
      [second.server, first.server],
    ] as const) {
      let at = here
      const { browser, begin } = aSignIn(() => at)
      const page = await begin()
      at = there
      expect(await finish(browser, page)).toMatchObject({ code: expect.any(String) })
      at = here
      const again = await browser.visit(stage.visitor.begin({ prompt: 'none' }).url)
      expect(answerOf(again.left as URL)).toMatchObject({ code: expect.any(String) })
    }
    const { browser, begin } = aSignIn(() => opened.at)
    opened = { at: second.server, browser, page: undefined as unknown as Visit }
    opened.page = await begin()
  })

  test('while a server seals under the old key, it is said to be in use and is not forgotten', async () => {
    let answer: { rewrapped: number; remaining: unknown[] }
    do {
      answer = await admin.call('POST', '/keys/rewrap', { limit: 3 })
      expect(answer.rewrapped).toBeLessThanOrEqual(3)
    } while (answer.rewrapped > 0)
    expect(answer).toEqual({
      key_id: newId,
      rewrapped: 0,
      remaining: [{ key_id: oldId, values: 0, given: true, in_use: true }],
    })
    expect(await refusedStart(NEW)).toBe(wanted(oldId, newId))
    const events = await admin.audit('master_key.rewrapped')
    expect(events[0]).toMatchObject({
      actor: { kind: 'client', id: 'signet-cli' },
      outcome: 'success',
      subject: { kind: 'master key', id: newId },
      detail: { values: expect.any(Number), not_needed_any_more: [] },
    })
  })

  test('once all seal under the new key, the command leaves nothing under the old one, run twice at once', async () => {
    await second.keys(NEW, OLD)
    const runs = await Promise.all([signet(['keys', 'rewrap', '--json']), signet(['keys', 'rewrap'])])
    for (const { code } of runs) expect(code, JSON.stringify(runs)).toBe(0)
    expect(JSON.parse(runs[0].stdout)).toMatchObject({ key_id: newId, remaining: [] })
    expect(runs[1].stdout).toContain('No other master key is needed any more.')
    expect(await placesOf(oldId)).toEqual([])
    expect(await dump()).not.toContain(`\\x01${oldId}`)
    opened.at = first.server
    expect(await finish(opened.browser, opened.page)).toMatchObject({ code: expect.any(String) })
    expect((await admin.audit('master_key.rewrapped'))[0]).toMatchObject({ detail: { not_needed_any_more: [oldId] } })
  })

  test('who came by meanwhile stays signed in, and the old key is taken away', async () => {
    await signedIn.visit(stage.visitor.begin({ prompt: 'none' }).url)
    for (const node of [first, second]) await node.keys(NEW)
    const again = await signedIn.visit(stage.visitor.begin({ prompt: 'none' }).url)
    expect(answerOf(again.left as URL)).toMatchObject({ code: expect.any(String) })
    expect(await refusedStart(OLD)).toBe(wanted(newId, oldId))
  })

  test('everything else works as before: tokens, a pushed request, a factor, and the signing keys', async () => {
    for (const [name, check] of Object.entries(CHECKS)) {
      // the cookie was signed by the old key, and its browser did not come by meanwhile
      expect((await check(stage, holdings)).isAlive, name).toBe(name !== 'Session')
    }
    const { rows } = await asSuperuser(
      (client) =>
        client.query<Record<'sealed' | 'pending' | 'mail' | 'code' | 'errand', Buffer>>(
          `SELECT t.sealed, t.pending, m.sealed AS mail, c.sealed AS code, e.sealed AS errand
           FROM totp_credentials t, kept_mails m, email_codes c, mail_errands e
           WHERE t.account_sub = $1 AND m.id = 'mail-1' AND c.key = $2 AND e.key = $2`,
          [sub, codeKey],
        ),
      first.server.databaseUrl,
    )
    const keyring = createKeyring([NEW])
    const { sealed, pending, mail, code: seal, errand } = rows[0] as NonNullable<(typeof rows)[0]>
    for (const value of [sealed, pending]) expect(keyring.open('totp', value, sub).toString()).toBe(SECRET)
    expect(keyring.open('kept-mail', mail, 'mail-1').toString()).toBe(SECRET)
    expect(keyring.open('email-code', seal, codeKey.toString('hex')).toString()).toBe(SECRET)
    expect(keyring.open('mail-errand', errand, codeKey.toString('hex')).toString()).toBe(SECRET)
    // the next keys were sealed before, and sign now
    expect((await signet(['keys', 'rotate', '--json'])).code).toBe(0)
    expect((await signet(['token', '--json'])).code).toBe(0)
    const { code, stderr } = await signet(['keys', 'rewrap'])
    expect({ code, stderr }).toEqual({ code: 0, stderr: '' })
  })
})
