/** The admin API under hostile documents, forged cursors and writers at the same time. */
import { beforeAll, describe, expect, test } from 'vitest'
import { ALLOWED, API, type Stage, startStage } from '../support/hazard-world.ts'

let stage: Stage

beforeAll(async () => {
  stage = await startStage(2)
})

interface Problem {
  readonly code: string
  readonly detail: string
  readonly errors?: readonly { readonly field: string; readonly given: unknown; readonly expected: string }[]
}

/** Newest first: the refusals that the audit log has of this request. */
async function refusalsOf(headers: Headers): Promise<Record<string, unknown>[]> {
  const events = await stage.admin.audit('admin.refused')
  return events.filter((event) => event['request_id'] === headers.get('x-request-id'))
}

const SCRIPTS = [
  'javascript:alert(1)',
  'JaVaScRiPt:alert(1)',
  'java\tscript:alert(1)',
  ' javascript:alert(1)',
  'javascript://app.example.com/%0aalert(1)',
  'data:text/html,<script>alert(1)</script>',
  'vbscript:msgbox(1)',
  'file:///etc/passwd',
  'blob:https://app.example.com/1',
  'about:blank',
  'view-source:https://app.example.com/',
]

describe('V13', () => {
  test.each(['web', 'spa', 'native'])('V13: no address of a %s client may run script', async (profile) => {
    for (const [member, isList] of [
      ['redirect_uris', true],
      ['post_logout_redirect_uris', true],
      ['client_uri', false],
      ['logo_uri', false],
      ['policy_uri', false],
      ['tos_uri', false],
    ] as const) {
      for (const uri of SCRIPTS) {
        const body = { signet_profile: profile, client_name: 'x', ...ALLOWED, [member]: isList ? [uri] : uri }
        const answer = await stage.admin.ask('POST', '/clients', { body })
        expect(answer.status, `${member} ${uri}`).toBe(400)
        const { code, errors = [] } = answer.body as Problem
        expect(code).toBe('invalid_client_metadata')
        expect(errors.map(({ field }) => field).join(' '), `${member} ${uri}`).toContain(member)
      }
    }
  })

  test('V13: a client that is there cannot be given one either', async () => {
    const { id } = await stage.admin.client('web', ALLOWED)
    for (const uri of SCRIPTS) {
      const answer = await stage.admin.ask('PATCH', `/clients/${id}`, { body: { redirect_uris: [uri] } })
      expect(answer.status, uri).toBe(400)
      const { errors = [] } = answer.body as Problem
      expect(errors).toEqual([expect.objectContaining({ field: 'redirect_uris[0]', given: uri })])
      expect(await refusalsOf(answer.headers)).toEqual([expect.objectContaining({ outcome: 'failure' })])
    }
    expect(await stage.admin.call('GET', `/clients/${id}`)).toMatchObject({ redirect_uris: ALLOWED.redirect_uris })
  })
})

/** One object of each kind that has versions, by its path. */
async function objects(): Promise<Record<string, { path: string; change: (value: string) => object }>> {
  const strict = { ...ALLOWED, require_pushed_authorization_requests: true, signet_pkce: 'required' }
  const { id } = await stage.admin.client('web', strict)
  const sub = await stage.admin.account(`${id}@example.com`, 'correct horse battery staple')
  return {
    'a client': { path: `/clients/${id}`, change: (value) => ({ client_name: value }) },
    'a resource': { path: `/resources/${encodeURIComponent(API)}`, change: (value) => ({ name: value }) },
    'an account': { path: `/accounts/${sub}`, change: (value) => ({ name: value }) },
  }
}

describe('V23', () => {
  test.each(['a client', 'a resource', 'an account'])(
    'V23: writing back what was read of %s changes nothing',
    async (kind) => {
      const { path } = (await objects())[kind] as { path: string }
      const before = await stage.admin.ask('GET', path)
      const written = await stage.admin.ask('PATCH', path, {
        body: before.body,
        headers: { 'if-match': before.headers.get('etag') as string },
        through: stage.second,
      })
      expect(written.status).toBe(200)
      const { body } = await stage.admin.ask('GET', path)
      const settled = (document: unknown) => ({ ...(document as object), updated_at: undefined })
      expect(settled(body)).toEqual(settled(before.body))
    },
  )

  test.each(['a client', 'a resource', 'an account'])(
    'V23: of ten writers at once over two nodes that read the same version of %s one gets through',
    async (kind) => {
      const { path, change } = (await objects())[kind] as Awaited<ReturnType<typeof objects>>[string]
      const { headers } = await stage.admin.ask('GET', path)
      const ifMatch = { 'if-match': headers.get('etag') as string }
      const answers = await Promise.all(
        Array.from({ length: 10 }, (_, index) =>
          stage.admin.ask('PATCH', path, {
            body: change(`writer ${index}`),
            headers: ifMatch,
            through: index % 2 ? stage.second : stage.first,
          }),
        ),
      )
      expect(answers.filter(({ status }) => status === 200)).toHaveLength(1)
      const losers = answers.filter(({ status }) => status !== 200)
      for (const loser of losers) {
        expect(loser).toMatchObject({ status: 412, body: { code: 'version_mismatch' } })
        expect(await refusalsOf(loser.headers)).toHaveLength(1)
      }
      const winner = answers.findIndex(({ status }) => status === 200)
      expect((await stage.admin.ask('GET', path)).body).toMatchObject(change(`writer ${winner}`))
    },
  )

  test('V23: writers at once that change different members without a version lose none of them', async () => {
    const { path } = (await objects())['a client'] as { path: string }
    const changes = [{ client_name: 'a' }, { client_uri: 'https://a.example' }, { tos_uri: 'https://a.example/tos' }]
    const answers = await Promise.all(
      changes.map((body, index) =>
        stage.admin.ask('PATCH', path, { body, through: index % 2 ? stage.second : stage.first }),
      ),
    )
    expect(answers.map(({ status }) => status)).toEqual([200, 200, 200])
    expect((await stage.admin.ask('GET', path)).body).toMatchObject({
      ...Object.assign({}, ...changes),
      require_pushed_authorization_requests: true,
    })
  })
})

describe('V35', () => {
  const b64 = (value: unknown) => Buffer.from(JSON.stringify(value)).toString('base64url')
  const SQL = "x' OR '1'='1'; DROP TABLE clients; --"
  const cursors = [
    SQL,
    b64(SQL),
    b64([SQL, SQL]),
    b64({ id: SQL, created_at: SQL }),
    b64(['2026-01-01T00:00:00.000Z', SQL]),
    b64(['infinity', 'x']),
    b64(null),
    b64([[[]]]),
    '%00',
    '\u0000',
    '-1',
    '1e9',
    'x'.repeat(4000),
    `${b64(['2026-01-01T00:00:00.000Z', 'x'])}.AAAA`,
  ]

  test.each(['/clients', '/resources', '/accounts', '/keys', '/audit'])(
    'V35: a forged cursor, size or filter of %s is faulty input and reaches no statement',
    async (list) => {
      const queries = [
        ...cursors.map((value) => new URLSearchParams({ cursor: value }).toString()),
        ...['-1', '0', '1e9', '1.5', "1'", 'NaN', '1;SELECT 1', '١'].map(
          (value) => `limit=${encodeURIComponent(value)}`,
        ),
        `sort=${encodeURIComponent(SQL)}`,
        `order=${encodeURIComponent(SQL)}`,
        `filter=${encodeURIComponent(SQL)}`,
        'limit[]=1',
        'limit[$gt]=1',
        '__proto__=1',
      ]
      for (const query of queries) {
        const answer = await stage.admin.ask('GET', `${list}?${query}`)
        expect(answer.status, query).toBe(400)
        expect(answer.body, query).toMatchObject({
          code: expect.stringMatching(/^(invalid_cursor|malformed_request|invalid_request)$/),
        })
        expect(JSON.stringify(answer.body), query).not.toMatch(/syntax error|postgres|relation|pg_|column/)
      }
    },
  )

  test('V35: a filter of the list is a value, whatever it holds', async () => {
    const filters = ['/accounts?email=', '/audit?type=', '/audit?account_id=', '/audit?client_id=']
    for (const filter of filters) {
      for (const value of [SQL, "'", '%', '_', '\\', '"; --', '$1', '${1}']) {
        const { status, body } = await stage.admin.ask('GET', filter + encodeURIComponent(value))
        expect([200, 400], `${filter}${value}`).toContain(status)
        if (status === 200) expect((body as { items: unknown[] }).items, `${filter}${value}`).toEqual([])
        expect(JSON.stringify(body)).not.toMatch(/syntax error|postgres|relation/)
      }
    }
  })

  test('V35: an identifier in a path is a value too', async () => {
    for (const path of ['/clients/', '/accounts/', '/resources/', '/keys/']) {
      const answer = await stage.admin.ask('GET', path + encodeURIComponent(SQL))
      expect([404, 405], path).toContain(answer.status)
      expect(JSON.stringify(answer.body)).not.toMatch(/syntax error|postgres|relation/)
    }
    expect((await stage.admin.ask('GET', '/clients')).status).toBe(200)
  })
})
