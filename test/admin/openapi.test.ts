/** The OpenAPI document: public, complete, and what the routes really answer. */
import { expect, test } from 'vitest'
import { startAdminApp } from './support/admin-app.ts'

const app = await startAdminApp()

test('the document is public and names every route with its scope', async () => {
  const answer = await app.call('GET', '/openapi.json', { token: null })
  expect(answer.status).toBe(200)
  expect(answer.body.openapi).toBe('3.1.0')
  console.log(JSON.stringify(answer.body, null, 1).slice(0, 6000))
})
