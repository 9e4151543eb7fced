/** Authorization details (RAR, RFC 9396): types per resource, said at consent, in tokens, narrowed, and what is refused. */
import { decodeJwt } from 'jose'
import { beforeAll, describe, expect, test } from 'vitest'
import { type App, createApp } from '../support/app.ts'
import { firstAnswer } from '../support/first-answer.ts'
import { CALLBACK, expectRefused, somebody, type Stage, startStage } from '../support/hazard-world.ts'
import { answerOf, textOf } from '../support/person.ts'
import { signRequestObject } from '../support/request-object.ts'

const BANK = 'https://bank.example.com'
const ARCHIVE = 'https://archive.example.com'
const PAYMENT = {
  type: 'payment_initiation',
  name: 'Make a payment',
  schema: {
    type: 'object',
    required: ['type', 'instructedAmount', 'creditorName'],
    additionalProperties: false,
    properties: {
      type: { const: 'payment_initiation' },
      locations: { type: 'array', items: { type: 'string' } },
      actions: { type: 'array', items: { oneOf: [{ const: 'initiate', title: 'start it' }, { const: 'cancel' }] } },
      instructedAmount: {
        title: 'Amount',
        type: 'object',
        required: ['currency', 'amount'],
        additionalProperties: false,
        properties: { currency: { type: 'string', pattern: '^[A-Z]{3}$' }, amount: { type: 'string', title: 'sum' } },
      },
      creditorName: { title: 'To', type: 'string' },
      urgent: { title: 'Urgent', type: 'boolean' },
    },
  },
}
const READ = {
  type: 'read',
  name: 'Read documents',
  schema: { type: 'object', properties: { type: true, datatypes: true } },
}
const pay = {
  type: 'payment_initiation',
  actions: ['initiate', 'cancel'],
  instructedAmount: { currency: 'EUR', amount: '123.50' },
  creditorName: 'Merchant A',
}
const read = { type: 'read', datatypes: ['letters', 'contracts'] }
let stage: Stage
let app: App
let clientId: string

beforeAll(async () => {
  stage = await startStage()
  const { admin } = stage
  await admin.resource(BANK, ['accounts:read'], { name: 'Bank', authorization_details_types: [PAYMENT] })
  await admin.resource(ARCHIVE, [], { name: 'Archive', authorization_details_types: [READ] })
  ;({ app, clientId } = await aClient('web'))
})

const allowed = {
  signet_allow: [
    { resource: BANK, scopes: ['accounts:read'] },
    { resource: ARCHIVE, scopes: [] },
  ],
  authorization_details_types: ['payment_initiation', 'read'],
}

async function aClient(profile: 'web' | 'machine', also: Record<string, unknown> = {}) {
  const own = profile === 'machine' ? {} : { redirect_uris: [CALLBACK] }
  const client = await stage.admin.client(profile, { ...allowed, ...own, ...also })
  return { app: createApp(stage.first, client, CALLBACK), clientId: client.id, client }
}

const asked = (...details: object[]) => ({ authorization_details: JSON.stringify(details) })

/** Signs a person in and allows what is asked. */
async function granted(params: Record<string, string>, of = app) {
  const { browser, who } = await somebody(stage)
  const { code, verifier } = await of.code(browser, who, params)
  return { browser, who, redeem: (also: Record<string, string> = {}) => of.redeem({ code, verifier }, also) }
}

describe('at consent', () => {
  test('they are said in the words of their schema, all of them, under their API', async () => {
    const { browser, who } = await somebody(stage)
    let page = await browser.visit(app.begin({ scope: 'openid', ...asked({ ...pay, urgent: true }, read) }).url)
    page = await browser.submit(page, { identifier: who.email, password: who.password })
    const text = textOf(page.html)
    expect(text).toMatch(/Bank bank\.example\.com Make a payment What it may do start it, cancel/)
    expect(text).toContain('Amount currency: EUR; sum: 123.50')
    expect(text).toContain('To Merchant A')
    expect(text).toContain('Urgent yes')
    expect(text).toMatch(/Archive archive\.example\.com Read documents Kinds of data letters, contracts/)
    expect(text).toContain('are asked again each time')
    const korean = await browser.visit(app.begin({ scope: 'openid', ui_locales: 'ko', ...asked(read) }).url)
    expect(textOf(korean.html)).toContain('데이터 종류 letters, contracts')
  })

  test('they are asked for each time, also when all scopes were allowed before, and refused as a whole', async () => {
    const { browser } = await granted({ scope: 'openid', ...asked(read) })
    const silent = await browser.visit(app.begin({ scope: 'openid', prompt: 'none', ...asked(read) }).url)
    expect(answerOf(silent.left as URL)['error']).toMatch(/consent_required|interaction_required/)
    const page = await browser.visit(app.begin({ scope: 'openid', ...asked(read) }).url)
    expect(page.html).toContain('name="decision"')
    const denied = await browser.submit(page, {}, { name: 'decision', value: 'deny' })
    expect(answerOf(denied.left as URL)['error']).toBe('access_denied')
  })

  test('a value cannot disguise itself or what stands beside it', async () => {
    const { browser, who } = await somebody(stage)
    const creditorName = 'Ada\u202E</dd><script>alert(1)</script>'
    let page = await browser.visit(app.begin({ scope: 'openid', ...asked({ ...pay, creditorName }) }).url)
    page = await browser.submit(page, { identifier: who.email, password: who.password })
    expect(page.html).not.toContain('<script>alert(1)')
    expect(page.html).not.toContain('\u202E')
    expect(textOf(page.html)).toContain(String.raw`"Ada\u202e</dd><script>alert(1)</script>"`)
  })

  test('what was allowed is in the audit log', async () => {
    const { redeem } = await granted({ scope: 'openid', ...asked(pay) })
    const { headers } = await redeem({ resource: BANK })
    const types = { authorization_details_types: ['payment_initiation'] }
    expect((await stage.admin.audit('consent.granted'))[0]).toMatchObject({ detail: types })
    expect(await stage.admin.eventOf('token.issued', headers)).toMatchObject({ detail: types })
  })
})

describe('tokens', () => {
  test('each carries the details for its own API, in the answer, the JWT and at introspection', async () => {
    const { redeem } = await granted({ scope: 'openid offline_access', ...asked(pay, read) })
    const { body } = await redeem({ resource: BANK })
    expect(body['authorization_details']).toEqual([pay])
    expect(decodeJwt(body['access_token'] as string)).toMatchObject({ aud: BANK, authorization_details: [pay] })
    const told = await app.call('/introspect', { token: body['access_token'] as string })
    expect(told.body).toMatchObject({ active: true, authorization_details: [pay] })
    const refreshed = await app.refresh(body['refresh_token'] as string, { resource: ARCHIVE })
    expect(decodeJwt(refreshed.body['access_token'] as string)).toMatchObject({
      aud: ARCHIVE,
      authorization_details: [read],
    })
  })

  test('details alone are a request: no scope is meant, and their API is', async () => {
    const { redeem } = await granted({ scope: '', ...asked(pay) })
    const { body } = await redeem()
    expect(decodeJwt(body['access_token'] as string)).toMatchObject({ aud: BANK, authorization_details: [pay] })
    expect(body).not.toHaveProperty('scope')
  })

  test('a token request may name less than was granted, and not more', async () => {
    const { redeem } = await granted({ scope: 'openid offline_access', ...asked(pay) })
    const less = { ...pay, actions: ['cancel'] }
    const { body } = await redeem({ resource: BANK, ...asked(less) })
    expect(decodeJwt(body['access_token'] as string)).toMatchObject({ authorization_details: [less] })
    const refresh = body['refresh_token'] as string
    for (const more of [
      { ...pay, instructedAmount: { currency: 'EUR', amount: '999999' } },
      { ...pay, urgent: true },
      { ...pay, actions: [] },
    ]) {
      await expectRefused(stage, await app.refresh(refresh, { resource: BANK, ...asked(more) }), {
        status: 400,
        error: 'invalid_authorization_details',
        description: /more was asked for 'payment_initiation' than was granted/,
      })
    }
    const same = await app.refresh(refresh, { resource: BANK })
    expect(decodeJwt(same.body['access_token'] as string)).toMatchObject({ authorization_details: [pay] })
  })

  test('the API follows from those of the token request, and must be that of the token', async () => {
    const { app: other } = await aClient('web', { signet_default_resource: BANK })
    const { redeem } = await granted({ scope: 'openid offline_access', ...asked(pay, read) }, other)
    const { body } = await redeem(asked(read))
    expect(decodeJwt(body['access_token'] as string)).toMatchObject({ aud: ARCHIVE, authorization_details: [read] })
    await expectRefused(stage, await other.refresh(body['refresh_token'] as string, asked(pay, read)), {
      status: 400,
      error: 'invalid_authorization_details',
      description: /'read' is not for https:\/\/bank\.example\.com, which the token is for/,
    })
    const paying = await granted({ scope: 'openid', resource: BANK, ...asked(pay) })
    await expectRefused(stage, await paying.redeem(asked(read)), {
      status: 400,
      error: 'invalid_target',
      description: /resource/,
    })
  })

  test('of a machine carry what it asks for, and the API follows from it', async () => {
    const robot = await aClient('machine')
    const { body } = await robot.app.token({ grant_type: 'client_credentials', ...asked(pay) })
    expect(decodeJwt(body['access_token'] as string)).toMatchObject({ aud: BANK, authorization_details: [pay] })
    await expectRefused(
      stage,
      await robot.app.token({ grant_type: 'client_credentials', resource: BANK, ...asked(read) }),
      {
        status: 400,
        error: 'invalid_authorization_details',
        description: /no resource .* takes the type 'read' there/,
      },
    )
  })

  test('lose a type with its resource or client, at the next refresh', async () => {
    const other = await aClient('web')
    const { redeem } = await granted({ scope: 'openid offline_access accounts:read', ...asked(pay) }, other.app)
    const { body } = await redeem({ resource: BANK })
    await stage.admin.call('PATCH', `/clients/${other.clientId}`, { authorization_details_types: ['read'] })
    const refreshed = await other.app.refresh(body['refresh_token'] as string, { resource: BANK })
    expect(refreshed.body).not.toHaveProperty('authorization_details')
    expect(decodeJwt(refreshed.body['access_token'] as string)).not.toHaveProperty('authorization_details')
  })
})

test('they travel in a pushed request object', async () => {
  const { client } = await aClient('web')
  const own = createApp(stage.first, client, CALLBACK)
  const begun = own.begin({ scope: 'openid' })
  const request = await signRequestObject({
    issuer: stage.first.issuer,
    client,
    params: { ...begun.params, authorization_details: [pay] },
  })
  const { body } = await own.push({ request })
  const query = new URLSearchParams({ client_id: client.id, request_uri: body['request_uri'] as string })
  const { browser, who } = await somebody(stage)
  const left = await browser.authorize(`${stage.first.issuer}/authorize?${query.toString()}`, who)
  const tokens = await own.redeem(
    { code: answerOf(left)['code'] as string, verifier: begun.verifier },
    { resource: BANK },
  )
  expect(tokens.body['authorization_details']).toEqual([pay])
})

test('discovery names the types that resources have registered', async () => {
  const metadata = (await (await stage.first.fetch('/.well-known/openid-configuration')).json()) as object
  expect(metadata).toMatchObject({ authorization_details_types_supported: ['payment_initiation', 'read'] })
})

describe('refused, at both endpoints:', () => {
  test.each([
    ['no JSON', '{', /could not parse the authorization_details parameter JSON/],
    ['no array', '{}', /should be a JSON array/],
    [
      'an unknown type',
      JSON.stringify([{ type: 'other' }]),
      /the type 'other' is not registered for this client: it may ask for payment_initiation, read/,
    ],
    [
      'a missing member',
      JSON.stringify([{ ...pay, creditorName: undefined }]),
      /'payment_initiation' for https:\/\/bank\.example\.com: it must have required property 'creditorName'/,
    ],
    ['a further member', JSON.stringify([{ ...pay, note: 'x' }]), /it must NOT have additional properties: note/],
    [
      'a wrong value',
      JSON.stringify([{ ...pay, instructedAmount: { currency: 'euro', amount: '1' } }]),
      /instructedAmount\.currency must match pattern/,
    ],
    [
      'another place',
      JSON.stringify([{ ...pay, locations: [ARCHIVE] }]),
      /no resource .* takes the type 'payment_initiation' there/,
    ],
  ])('%s', async (_, authorization_details, sentence) => {
    const begun = app.begin({ scope: 'openid', authorization_details })
    const { location, headers } = await firstAnswer(stage.first, begun.url)
    expect(answerOf(new URL(location as string))).toMatchObject({
      error: 'invalid_authorization_details',
      error_description: expect.stringMatching(sentence) as string,
    })
    expect(await stage.admin.eventOf('authorization.refused', headers)).toMatchObject({ client_id: clientId })
    await expectRefused(stage, await app.push(begun.params), {
      status: 400,
      error: 'invalid_authorization_details',
      description: sentence,
      event: 'endpoint.refused',
    })
  })

  test('an API that the client may not ask for', async () => {
    const { app: poor } = await aClient('web', { signet_allow: [{ resource: ARCHIVE, scopes: [] }] })
    const { params } = poor.begin({ scope: 'openid', resource: BANK, ...asked(pay) })
    await expectRefused(stage, await poor.push(params), {
      status: 400,
      error: 'invalid_authorization_details',
      description: /no resource that this client may ask for takes the type 'payment_initiation' there/,
      event: 'endpoint.refused',
    })
  })

  test('a type that the client is not registered for', async () => {
    const { app: poor } = await aClient('web', { authorization_details_types: null })
    await expectRefused(stage, await poor.push(poor.begin({ scope: 'openid', ...asked(pay) }).params), {
      status: 400,
      error: 'invalid_authorization_details',
      description: /the type 'payment_initiation' is not registered for this client: it may ask for none/,
      event: 'endpoint.refused',
    })
  })
})
