/** The presets that are plain OpenID providers, each against a forged one at its own URLs. */
import { beforeAll, describe, expect, test } from 'vitest'
import { forgedIssuer } from '../support/forged-hosts.ts'
import { OUR_ID, OUR_SECRET, type PresetWorld, startPresetWorld } from './preset-world.ts'

let world: PresetWorld

beforeAll(async () => {
  world = await startPresetWorld()
})

interface Case {
  readonly preset: string
  readonly id?: string
  readonly values?: Record<string, string>
  readonly issuer: string
  /** The parameters that ask for a recent sign-in. */
  readonly again: Record<string, string>
}

const FRESH = { prompt: 'login', max_age: '0' }

describe('a person signs in', () => {
  test.each<Case>([
    { preset: 'google', issuer: 'https://accounts.google.com', again: { prompt: 'select_account' } },
    { preset: 'gitlab', issuer: 'https://gitlab.com', again: { prompt: 'login' } },
    {
      preset: 'gitlab',
      id: 'own-gitlab',
      values: { base_url: 'https://git.example.com/gitlab/' },
      issuer: 'https://git.example.com/gitlab',
      again: { prompt: 'login' },
    },
    { preset: 'okta', values: { base_url: 'https://acme.okta.com' }, issuer: 'https://acme.okta.com', again: FRESH },
    {
      preset: 'okta',
      id: 'okta-custom',
      values: { base_url: 'https://acme.okta.com/oauth2/default' },
      issuer: 'https://acme.okta.com/oauth2/default',
      again: FRESH,
    },
    {
      preset: 'keycloak',
      values: { base_url: 'https://sso.example.com/auth/', realm: 'staff' },
      issuer: 'https://sso.example.com/auth/realms/staff',
      again: FRESH,
    },
  ])('by $preset at $issuer', async ({ preset, id = preset, values, issuer, again }) => {
    const forged = await forgedIssuer(world.hosts, { base: issuer, clientId: OUR_ID })
    forged.refuse = (form) =>
      form.get('client_id') === OUR_ID && form.get('client_secret') === OUR_SECRET
        ? undefined
        : { status: 401, body: { error: 'invalid_client' } }
    const added = await world.add(preset, {
      id,
      client_secret: OUR_SECRET,
      ...(values === undefined ? {} : { preset_values: values }),
    })
    expect(added).toMatchObject({
      preset,
      issuer,
      scopes: ['openid', 'email', 'profile'],
      token_endpoint_auth_method: 'client_secret_post',
      response_mode: 'query',
      claims: { email: 'email', email_verified: 'email_verified', name: 'name' },
      trust_email: false,
    })
    const begun = await world.begin(id)
    expect(begun.url.href.split('?')[0]).toBe(`${issuer}/authorize`)
    forged.challenge = begun.request.get('code_challenge') ?? ''
    const email = `${id}@example.com`
    forged.claims = { nonce: begun.nonce, sub: 'ada', email, email_verified: true, name: 'Ada' }
    expect(await world.accountOf(begun, await world.back(begun))).toMatchObject({ email, name: 'Ada' })
    const { request } = await world.begin(id, { prompt: 'login' })
    const asked = ['prompt', 'max_age'].flatMap((name) => (request.has(name) ? [[name, request.get(name)]] : []))
    expect(Object.fromEntries(asked)).toEqual(again)
  })
})
