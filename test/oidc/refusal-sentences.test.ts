/** Refused authorization requests say what was received and what to send: PKCE and `prompt`. */
import { beforeAll, describe, expect, test } from 'vitest'
import { type Administrator, administrator } from '../support/administrator.ts'
import { type App, createApp } from '../support/app.ts'
import { type Server, startServer } from '../support/server.ts'

const CALLBACK = 'https://shop.example.com/callback'
const SEND = 'send code_challenge with code_challenge_method=S256'
let server: Server
let admin: Administrator
const apps: Record<string, App> = {}

beforeAll(async () => {
  server = await startServer()
  admin = await administrator(server)
  for (const profile of ['web', 'spa']) {
    apps[profile] = createApp(server, await admin.client(profile, { redirect_uris: [CALLBACK] }), CALLBACK)
  }
})

/** Sends the request of an app with changed parameters; undefined removes one. Returns the error at the app. */
async function errorAtApp(profile: string, changes: Record<string, string | undefined>) {
  const url = new URL((apps[profile] as App).begin().url)
  for (const [name, value] of Object.entries(changes)) {
    if (value === undefined) url.searchParams.delete(name)
    else url.searchParams.set(name, value)
  }
  const answer = await server.fetch(url.href, { redirect: 'manual' })
  const { error, error_description } = Object.fromEntries(new URL(answer.headers.get('location') ?? '').searchParams)
  return { error, error_description }
}

async function expectRefusal(profile: string, changes: Record<string, string | undefined>, sentence: string) {
  expect(await errorAtApp(profile, changes)).toEqual({ error: 'invalid_request', error_description: sentence })
  const [event] = await admin.audit('authorization.refused')
  expect(event).toMatchObject({ outcome: 'failure', reason: `invalid_request: ${sentence}` })
}

const WITHOUT = { code_challenge: undefined, code_challenge_method: undefined }

describe('PKCE', () => {
  test('a request without it is told how to send it, and a confidential client how to do without', async () => {
    await expectRefusal('web', WITHOUT, `PKCE is required: ${SEND}, or register the client with --pkce optional`)
    await expectRefusal('spa', WITHOUT, `PKCE is required: ${SEND}`)
  })

  test.each([
    ['plain', { code_challenge_method: 'plain' }, `code_challenge_method is 'plain'; ${SEND}`],
    ['no method', { code_challenge_method: undefined }, `code_challenge_method is missing; ${SEND}`],
    ['no challenge', { code_challenge: undefined }, `code_challenge is missing; ${SEND}`],
  ])('a request with %s is told what to send', async (_name, changes, sentence) => {
    await expectRefusal('web', changes, sentence)
  })

  test('a pushed request is told the same', async () => {
    const {
      code_challenge: _challenge,
      code_challenge_method: _method,
      ...params
    } = (apps['web'] as App).begin().params
    const { status, body } = await (apps['web'] as App).push(params)
    expect({ status, body }).toMatchObject({
      status: 400,
      body: {
        error: 'invalid_request',
        error_description: `PKCE is required: ${SEND}, or register the client with --pkce optional`,
      },
    })
    const [event] = await admin.audit('endpoint.refused')
    expect(event).toMatchObject({
      reason: `invalid_request: PKCE is required: ${SEND}, or register the client with --pkce optional`,
    })
  })
})

test('a refused prompt is named with those that there are', async () => {
  const sentence =
    /^prompt 'dance', 'x' is not supported; send none, or one or more of (?:\w+, )*login, (?:\w+, )*consent$/
  const { error, error_description } = await errorAtApp('web', { prompt: 'login dance x' })
  expect(error).toBe('invalid_request')
  expect(error_description).toMatch(sentence)
  const [event] = await admin.audit('authorization.refused')
  expect(event?.['reason']).toBe(`invalid_request: ${error_description}`)
  await expectRefusal('web', { prompt: 'none login' }, "prompt is 'none login'; send none alone, or leave it out")
})
