/** What every template says in every language, as text and as HTML. */
import { describe, expect, test } from 'vitest'
import { LANGUAGES, type Language } from '#pages/i18n/language.ts'
import { FACTOR_CHANGES, type TemplateData, type TemplateName } from '#mail/templates/mail-template.ts'
import { render } from '#mail/templates/render.ts'

const FROM = { issuer: 'https://id.example.com/tenant', brand: 'Example' }
const AT = '2026-11-24T09:30:00.000Z'
const DATA: TemplateData = {
  verify_email: { code: '12345678', path: '/verify?token=abc', minutes: 10 },
  reset_password: { code: '87654321', path: '/reset?token=abc', minutes: 10 },
  reset_later: { from: AT },
  confirm_identity: { code: '13572468', minutes: 10 },
  factor_changed: {
    change: 'passkey_added',
    name: 'Phone',
    at: AT,
    address: '192.0.2.7',
    device: 'Firefox',
    path: '/account',
  },
  new_browser: { at: AT, address: '192.0.2.7', device: 'Firefox', path: '/account/sessions' },
  sign_in_request: { app: 'Till 7', message: 'W4SCT', at: AT, path: '/account/requests/abc', minutes: 5 },
  account_exists: { path: '/sign-in' },
  invitation: { path: '/invitation?token=abc', until: AT, invitedBy: 'Ada' },
  account_deleted: { at: AT, address: '192.0.2.7' },
}
/** Mails that lead nowhere. */
const WITHOUT_ACTION: ReadonlySet<TemplateName> = new Set(['account_deleted', 'confirm_identity', 'reset_later'])
const NAMES = Object.keys(DATA) as TemplateName[]
const LANGUAGE_NAMES = Object.keys(LANGUAGES) as Language[]

function rendered(template: TemplateName, language: string, data: object = {}) {
  return render({ template, data: { ...DATA[template], ...data }, language }, FROM)
}

/** The words of the HTML part, tags and entities taken away. */
function words(html: string): string {
  const entities: Readonly<Record<string, string>> = {
    '&amp;': '&',
    '&lt;': '<',
    '&gt;': '>',
    '&quot;': '"',
    '&#39;': `'`,
  }
  return html
    .replace(/<head>.*<\/head>/s, '')
    .replaceAll(/<a [^>]*href="([^"]*)"/g, ' $1 <a ')
    .replaceAll(/<[^>]+>/g, ' ')
    .replaceAll(/&\w+;|&#39;/g, (entity) => entities[entity] ?? entity)
    .replaceAll(/\s+/g, ' ')
}

describe.each(LANGUAGE_NAMES)('in %s', (language) => {
  test.each(NAMES)('%s says in HTML all that it says in text, with at most one action', async (template) => {
    const { text, html } = await rendered(template, language)
    const shown = words(html)
    for (const line of text
      .split('\n')
      .map((one) => one.trim())
      .filter((one) => one !== '' && one !== '--')) {
      const said = /^[^ ].*:$/.test(line) && !shown.includes(line) ? line.slice(0, -1) : line
      expect(shown, said).toContain(
        said.replace(/^(When|Name|From|Device|App|Message|시각|이름|접속 주소|기기|앱|메시지): /, ''),
      )
    }
    expect(html.match(/<a /g)?.length ?? 0).toBe(WITHOUT_ACTION.has(template) ? 0 : 1)
    expect(html).toContain(`<html lang="${language}" dir="ltr">`)
    expect(html).toContain('max-width:34rem')
    expect(html).not.toMatch(/<(img|script|iframe|link)|url\(/)
    expect(text).toContain('id.example.com')
    expect(`${text}${html}`).not.toMatch(/undefined|\[object/)
  })

  test('every change of a factor has its own subject and heading', async () => {
    const mails = await Promise.all(FACTOR_CHANGES.map((change) => rendered('factor_changed', language, { change })))
    expect(new Set(mails.map(({ subject }) => subject)).size).toBe(FACTOR_CHANGES.length)
  })

  test('a code stands in groups of four, and in no subject', async () => {
    const { text, subject } = await rendered('verify_email', language)
    expect(text).toContain('    1234 5678\n')
    expect(subject).not.toMatch(/\d/)
  })
})

test('the languages say different things, and one that is not spoken is answered in English', async () => {
  for (const name of NAMES) {
    const said = await Promise.all(LANGUAGE_NAMES.map((language) => rendered(name, language)))
    expect(new Set(said.map(({ subject }) => subject)).size).toBe(LANGUAGE_NAMES.length)
  }
  expect((await rendered('verify_email', 'fr-CA')).language).toBe('en')
  expect((await rendered('verify_email', 'ko-KR')).language).toBe('ko')
  expect((await rendered('invitation', 'en')).text).toContain('until November 24, 2026')
  expect((await rendered('invitation', 'ko')).text).toContain('2026년 11월 24일')
})

test('a link starts with the issuer, its path included, whatever path is given', async () => {
  const { text, html } = await rendered('verify_email', 'en')
  const links = [...`${text}${html}`.matchAll(/https?:\/\/[^\s"<]+/g)].map(([url]) => url)
  expect(new Set(links)).toEqual(new Set(['https://id.example.com/tenant/verify?token=abc']))
  for (const path of ['https://evil.example/x', '@evil.example/', '/../x', '/%2e%2e/x', '', '.evil.example/']) {
    await expect(rendered('verify_email', 'en', { path }), path).rejects.toThrow('a link of a mail leaves the issuer')
  }
  expect((await rendered('verify_email', 'en', { path: '//evil.example/x' })).text).toContain(
    'https://id.example.com/tenant//evil.example/x',
  )
})

test('what people named themselves is text, on one line and short', async () => {
  const name = `<img src=x>"\r\nBcc: all@example.com\u2028\u202Eevil ${'x'.repeat(300)}`
  const { text, html, subject } = await rendered('factor_changed', 'en', { name, device: '<b>bold</b>' })
  expect(text).toMatch(/^Name: <img src=x>" Bcc: all@example\.com evil x+…$/m)
  expect(html).toContain('&lt;img src=x&gt;&quot; Bcc')
  expect(html).toContain('&lt;b&gt;bold&lt;/b&gt;')
  expect(html).not.toMatch(/<img|<b>/)
  expect(subject).toBe('A passkey was added at Example')
})
