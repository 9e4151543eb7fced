/** Mails to addresses with letters outside ASCII, where the relay takes them (SMTPUTF8, RFC 6531). */
import { expect, test } from 'vitest'
import { createRelay } from '#mail/smtp.ts'
import { startSmtp } from '../support/smtp.ts'

const MAIL = { from: 'id@example.com', messageId: 'one@example.com', at: new Date(), language: 'en' } as const
const TEXTS = { subject: 'Hello', text: 'Hello', html: '<p>Hello</p>' }
const send = (url: string, to: string) =>
  createRelay(url, 'id.example.com').send({ ...MAIL, ...TEXTS, to }, new AbortController().signal)

test('an international mail goes to the address as it is stored', async () => {
  const smtp = await startSmtp()
  for (const to of ['дарья@xn--80a1acny.xn--p1ai', 'Ada.Lovelace@xn--bcher-kva.example']) await send(smtp.url, to)
  expect(smtp.taken.map(({ to }) => to)).toEqual([
    // the server of this test decodes domains
    ['дарья@почта.рф'],
    ['Ada.Lovelace@bücher.example'],
  ])
})

test('a relay that does not offer it is not tried again, and ASCII addresses go on', async () => {
  const smtp = await startSmtp({ hideSMTPUTF8: true })
  await expect(send(smtp.url, 'дарья@example.com')).rejects.toMatchObject({
    name: 'MailRefused',
    permanent: true,
    message: 'the relay sends no mail to addresses with letters outside ASCII (SMTPUTF8)',
  })
  expect(smtp.attempts()).toBe(0)
  await send(smtp.url, 'ada@xn--bcher-kva.example')
  expect(smtp.taken).toHaveLength(1)
})
