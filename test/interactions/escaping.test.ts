/** Whatever text comes into a page stays text: the tags of the page are the same, and its words are those given. */
import fc from 'fast-check'
import { html, type Html } from '#pages/design/html.ts'
import { describe, expect, test } from 'vitest'
import { webUrl } from '#pages/design/components.ts'
import { LANGUAGES, type Language } from '#pages/i18n/language.ts'
import { requestContent } from '#account-portal/sections/request-page.ts'
import { choicesOf } from '#interactions/consent/choice.ts'
import { codePage } from '#interactions/code/page.ts'
import { consentPage } from '#interactions/consent/page.ts'
import { continuePage } from '#interactions/continue/page.ts'
import { errorPage } from '#interactions/error/page.ts'
import { lostPage } from '#interactions/lost/page.ts'
import { addressPage, lastPage, mailCodePage, type MailView } from '#interactions/mail/page.ts'
import { selectAccountPage } from '#interactions/select-account/page.ts'
import { signInPage } from '#interactions/sign-in/page.ts'
import { readEngineForm, signedOutPage, signOutPage } from '#interactions/sign-out/page.ts'
import { InteractionLost } from '#oidc/interactions/interaction-gateway.ts'
import type { AskedDetail } from '#resources/asked/details.ts'
import { passkeyAddition, passkeyList, passkeySignIn } from '#sign-in/passkey/parts.ts'

type Rendered = { title: string; content: Html }

/** Each page with one text in every place that takes text from outside. */
const PAGES: Record<string, (language: Language, text: string) => Rendered> = {
  'sign-in': (language, text) =>
    signInPage({
      language,
      client: clientNamed(text),
      actions: { login: '/interaction/1/login', cancel: '/interaction/1/cancel' },
      csrfField: { name: 'csrf', value: text },
      identifier: text,
      again: false,
      missing: ['identifier', 'password'],
      offers: [passkeyButton(language, text)],
    }),
  'sign-in again': (language, text) =>
    signInPage({
      language,
      client: clientNamed(text),
      actions: { login: '/interaction/1/login', cancel: '/interaction/1/cancel' },
      csrfField: { name: 'csrf', value: text },
      identifier: `x${text}`,
      again: true,
      problem: 'mismatch',
      offers: [passkeyButton(language, text)],
    }),
  'passkeys of an account': (language, text) => {
    const sent = { language, action: '/account/passkeys', csrfField: { name: 'csrf', value: text } }
    const passkey = {
      id: text,
      name: text,
      synced: true,
      createdAt: new Date(0),
      lastUsedAt: undefined,
      changedAt: undefined,
    }
    const options = {
      challenge: text,
      rp: { name: text },
      user: { id: text, name: text, displayName: text },
      pubKeyCredParams: [],
    }
    const addition = passkeyAddition({ ...sent, options, renewPath: '/account/passkeys/options' })
    return { title: text, content: html`${passkeyList({ ...sent, passkeys: [passkey] })}${addition.content}` }
  },
  consent: (language, text) =>
    consentPage({
      language,
      client: clientNamed(text),
      action: '/interaction/1/consent',
      csrfField: { name: 'csrf', value: text },
      who: text,
      openidScopes: choicesOf({ openidScopes: ['openid', text], resourceScopes: {} }),
      resources: [
        {
          name: text,
          host: text,
          scopes: [{ value: text, words: text, required: false }],
          details: [detailWith(text)],
        },
      ],
      keepsAccess: true,
      mostDays: 180,
      problem: 'stale',
    }),
  'sign-in request': (language, text) => ({
    title: text,
    content: requestContent({
      language,
      app: { name: text, host: `x${text}`, logo: `x${text}`, unverified: true },
      who: text,
      message: text,
      aboutYou: [text],
      resources: [
        {
          name: text,
          host: text,
          scopes: [{ value: text, words: text, required: false }],
          details: [detailWith(text)],
        },
      ],
      keepsDays: 180,
      requestedAt: 'today',
      expiresAt: 'today',
      confirmPath: undefined,
      form: (buttons) => html`<form>${buttons}</form>`,
    }),
  }),
  'select account': (language, text) =>
    selectAccountPage({
      language,
      client: clientNamed(text),
      pathOf: (step) => `/interaction/1/${step}`,
      csrfField: { name: 'csrf', value: text },
      who: text,
      isStale: true,
    }),
  continue: (language, text) =>
    continuePage({
      language,
      client: clientNamed(text),
      pathOf: (step) => `/interaction/1/${step}`,
      csrfField: { name: 'csrf', value: text },
      who: text,
      isStale: true,
    }),
  code: (language, text) =>
    codePage({
      language,
      client: clientNamed(text),
      who: text,
      actions: { code: '/interaction/1/code', restart: '/interaction/1/restart', cancel: '/interaction/1/cancel' },
      csrfField: { name: 'csrf', value: text },
      isRecoveryCode: true,
      otherKind: '/interaction/1',
      offers: [],
      problem: 'mismatch',
    }),
  'the address for a mail': (language, text) => addressPage({ ...mailView(language, text), fault: 'wrong' }),
  'the code from a mail': (language, text) =>
    mailCodePage({ ...mailView(language, text), fault: 'mismatch', another: '/interaction/1/register?another' }),
  'name and password': (language, text) =>
    lastPage({ ...mailView(language, text), name: `x${text}`, faults: { name: true, password: 'guessable' } }),
  invitation: (language, text) =>
    lastPage({
      ...mailView(language, text),
      kept: [{ name: 'token', value: text }],
      name: `x${text}`,
      faults: {},
      isInvited: true,
    }),
  lost: (language, text) => lostPage(language, new InteractionLost('unknown', { client: clientNamed(text) })),
  error: (language, text) =>
    errorPage({ language, status: 400, code: `x${text}`, detail: `x${text}`, requestId: `x${text}`, home: '/' }),
  'sign-out': (language, text) =>
    signOutPage({ language, form: { action: '/logout/confirm', xsrf: text }, who: text, clientName: text }),
  'signed out': (language, text) => signedOutPage(language, text),
}

function detailWith(text: string): AskedDetail {
  return {
    type: { type: text, name: text, schema: { properties: { at: { title: text } } } },
    detail: { type: text, at: text, [text]: [text, { [text]: text }] },
  }
}

function mailView(language: Language, text: string): MailView {
  return {
    language,
    purpose: 'register',
    clientName: text,
    action: '/interaction/1/register',
    csrfField: { name: 'csrf', value: text },
    address: `x${text}`,
    problem: 'over',
    back: '/interaction/1',
  }
}

function passkeyButton(language: Language, text: string): Html {
  return passkeySignIn({
    language,
    action: '/interaction/1/passkey',
    csrfField: { name: 'csrf', value: text },
    options: { challenge: text },
    renewPath: '/interaction/1/passkey/options',
  }).content
}

function clientNamed(text: string) {
  return {
    id: text,
    name: text,
    redirectHost: `x${text}`,
    loopbackOnly: true,
    unverified: true,
    documentHost: text,
    documentSince: 1,
    brand: {},
    clientUri: undefined,
    logoUri: undefined,
    policyUri: text,
    tosUri: text,
  }
}

/** The tags in order, with the values of their attributes left out. */
function tagsOf(html: string): string[] {
  return [...html.matchAll(/<[^>]*>/g)].map(([tag]) => tag.replaceAll(/"[^"]*"/g, '""').replaceAll(/\s+/g, ' '))
}

function wordsOf(html: string): string {
  const text = html.replaceAll(/<[^>]*>/g, '')
  return text
    .replaceAll('&lt;', '<')
    .replaceAll('&gt;', '>')
    .replaceAll('&quot;', '"')
    .replaceAll('&#39;', "'")
    .replaceAll('&amp;', '&')
}

const anyText = fc.oneof(
  fc.string({ unit: 'grapheme' }),
  fc.string({ unit: fc.constantFrom('<', '>', '"', "'", '&', '/', '=', ' ', '`', '-', '!', 'a') }),
  fc.constantFrom('"><script>alert(1)</script>', "' onfocus=alert(1) autofocus '", '<!--', ']]>', '&lt;', '${1}'),
)

describe.each(Object.keys(LANGUAGES) as Language[])('in %s', (language) => {
  test.each(Object.entries(PAGES))('any text on the page %s stays text', async (_name, render) => {
    const plain = tagsOf(String(await render(language, 'x').content))
    await fc.assert(
      fc.asyncProperty(anyText, async (text) => {
        const html = String(await render(language, text).content)
        expect(tagsOf(html)).toEqual(plain)
        expect(wordsOf(html)).toContain(text)
      }),
      { numRuns: 60 },
    )
  })
})

describe('a link to elsewhere', () => {
  test.each([
    'javascript:alert(1)',
    'data:text/html,x',
    ' javascript:alert(1)',
    'vbscript:x',
    '/relative',
    '',
    7,
    undefined,
  ])('is never %j', (address) => {
    expect(webUrl(address)).toBeUndefined()
  })

  test.each(['https://shop.example/privacy', 'http://localhost:5000/'])('may be %s', (address) => {
    expect(webUrl(address)).toBe(address)
  })
})

describe('the form of the engine', () => {
  test('is read for its address and its value', () => {
    const form =
      '<form id="op.logoutForm" method="post" action="https://id.example/logout/confirm"><input type="hidden" name="xsrf" value="abc-_1"/></form>'
    expect(readEngineForm(form)).toEqual({ action: 'https://id.example/logout/confirm', xsrf: 'abc-_1' })
  })

  test('that is of another shape is a fault of ours, not a page without protection', () => {
    expect(() => readEngineForm('<form method="post"></form>')).toThrow('the sign-out form of the engine has changed')
  })
})
