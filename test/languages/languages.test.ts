/** A third language: one file, and pages and mails speak it. */
import { beforeAll, expect, test } from 'vitest'
import { MARKED, SPEAKS_MARKED } from '../browser/languages.ts'
import { type MailWorld, startMailWorld } from '../interactions/mail-world.ts'

let world: MailWorld

beforeAll(async () => {
  world = await startMailWorld(1, { env: SPEAKS_MARKED })
})

test('a language of one file is spoken by pages and offered at their foot', async () => {
  const { html } = await world.signInPage(world.somebody(), { ui_locales: MARKED })
  expect(html).toContain(`<html lang="${MARKED}" dir="ltr">`)
  expect(html).toMatch(/<h1>⟦Sign in [^⟧]+⟧<\/h1>/)
  expect(html).toContain('<span aria-current="true" lang="eo">Pseŭdo</span>')
})

test('an account keeps it, and its mails speak it in text and HTML', async () => {
  const { email, sub } = await world.account({ locale: MARKED })
  await world.admin.call('POST', `/accounts/${sub}/reset-password`)
  const mail = await world.mail(email)
  expect(mail.subject).toMatch(/^⟦Choose a new password for Signet [^⟧]+⟧$/)
  expect(mail.text).toMatch(/⟦The link works once/)
  expect(mail.html).toContain(`lang="${MARKED}"`)
})

test('a server without the file answers in one of its own languages', async () => {
  const plain = await startMailWorld()
  const { html } = await plain.signInPage(plain.somebody(), { ui_locales: `${MARKED} ko` })
  expect(html).toContain('<html lang="ko" dir="ltr">')
})
