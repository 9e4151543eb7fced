/** `/.well-known/security.txt` (RFC 9116) names the contact that an administrator set. */
import { beforeAll, expect, test } from 'vitest'
import { administrator, type Administrator } from '../support/administrator.ts'
import { type Server, startServer } from '../support/server.ts'

let server: Server
let admin: Administrator

beforeAll(async () => {
  server = await startServer()
  admin = await administrator(server)
})

const contact = (given: string | null) => admin.ask('PATCH', '/settings', { body: { security: { contact: given } } })

test('without a contact there is no security.txt', async () => {
  expect((await server.fetch('/.well-known/security.txt')).status).toBe(404)
})

test('with one it has what the standard requires', async () => {
  for (const given of ['mailto:security@example.com', 'https://example.com/security', 'tel:+1-201-555-0123']) {
    expect((await contact(given)).status).toBe(200)
    const response = await server.fetch('/.well-known/security.txt')
    expect([response.status, response.headers.get('content-type')]).toEqual([200, 'text/plain; charset=utf-8'])
    const lines = (await response.text()).split('\n')
    expect(lines).toEqual([
      `Contact: ${given}`,
      expect.stringMatching(/^Expires: \d{4}-\d\d-\d\dT00:00:00\.000Z$/),
      'Preferred-Languages: en, ko',
      `Canonical: ${server.issuer}/.well-known/security.txt`,
      '',
    ])
    const days = (Date.parse(lines[1]?.slice('Expires: '.length) ?? '') - Date.now()) / 86_400_000
    expect(days).toBeGreaterThan(170)
    expect(days).toBeLessThan(365)
  }
})

test('its contact is a mailto:, https: or tel: URI on one line', async () => {
  for (const given of ['security@example.com', 'http://example.com', 'mailto:a@b.example\nContact: x', '']) {
    const { status, body } = await contact(given)
    expect({ given, status }).toEqual({ given, status: 400 })
    expect(JSON.stringify(body)).toContain('a mailto:, https: or tel: URI')
  }
})
