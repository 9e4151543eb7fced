/** The OpenAPI document. That every answer fits it is checked with every request of the other tests. */
import { Ajv2020 } from 'ajv/dist/2020.js'
import { expect, test } from 'vitest'
import { startAdminApp } from './support/admin-app.ts'

const app = await startAdminApp()
const { body: document } = await app.call('GET', '/openapi.json', { token: null })

interface Operation {
  operationId: string
  security: { accessToken: string[] }[]
  parameters: { in: string; name: string }[]
  responses: Record<string, unknown>
}

const operations = Object.entries<Record<string, Operation>>(document.paths).flatMap(([path, methods]) =>
  Object.entries(methods).map(([method, operation]) => ({ path, method, operation })),
)

test('is public, of version 3.1, and of this server', async () => {
  const answer = await app.call('GET', '/openapi.json', { token: null })
  expect(answer.status).toBe(200)
  expect(answer.headers.get('content-type')).toMatch(/^application\/json/)
  expect(document).toMatchObject({ openapi: '3.1.0', servers: [{ url: `${app.issuer}/admin/v1` }] })
})

test('has every route with an id of its own, one scope that exists, and its path parameters', () => {
  expect(operations.map(({ method, path }) => `${method.toUpperCase()} ${path}`).toSorted()).toMatchInlineSnapshot(`
    [
      "DELETE /accounts/{sub}",
      "DELETE /accounts/{sub}/grants/{client_id}",
      "DELETE /accounts/{sub}/sessions/{session_id}",
      "DELETE /clients/{client_id}",
      "DELETE /clients/{client_id}/allowances/{resource}",
      "DELETE /clients/{client_id}/keys/{key_id}",
      "DELETE /clients/{client_id}/secrets/{secret_id}",
      "DELETE /keys/{kid}",
      "DELETE /registration-tokens/{token_id}",
      "DELETE /resources/{resource}",
      "DELETE /upstreams/{upstream}",
      "GET /accounts",
      "GET /accounts/{sub}",
      "GET /accounts/{sub}/grants",
      "GET /accounts/{sub}/sessions",
      "GET /audit",
      "GET /clients",
      "GET /clients/{client_id}",
      "GET /clients/{client_id}/document",
      "GET /clients/{client_id}/keys",
      "GET /clients/{client_id}/secrets",
      "GET /keys",
      "GET /registration-tokens",
      "GET /resources",
      "GET /resources/{resource}",
      "GET /settings",
      "GET /upstreams",
      "GET /upstreams/{upstream}",
      "PATCH /accounts/{sub}",
      "PATCH /clients/{client_id}",
      "PATCH /resources/{resource}",
      "PATCH /settings",
      "PATCH /upstreams/{upstream}",
      "POST /accounts",
      "POST /accounts/{sub}/disable",
      "POST /accounts/{sub}/enable",
      "POST /accounts/{sub}/invite",
      "POST /accounts/{sub}/reset-password",
      "POST /accounts/{sub}/unlock-factors",
      "POST /clients",
      "POST /clients/{client_id}/disable",
      "POST /clients/{client_id}/document/refetch",
      "POST /clients/{client_id}/enable",
      "POST /clients/{client_id}/keys",
      "POST /clients/{client_id}/keys/refetch",
      "POST /clients/{client_id}/secrets",
      "POST /clients/{client_id}/unblock",
      "POST /keys/rewrap",
      "POST /keys/rotate",
      "POST /keys/{kid}/retire",
      "POST /registration-tokens",
      "POST /resources",
      "POST /upstreams",
      "PUT /clients/{client_id}/allowances/{resource}",
    ]
  `)
  expect(new Set(operations.map(({ operation }) => operation.operationId)).size).toBe(operations.length)
  const scopes = document.components.securitySchemes.accessToken.flows.clientCredentials.scopes
  for (const { path, operation } of operations) {
    const [{ accessToken: [scope, ...others] } = { accessToken: [] }] = operation.security
    expect(Object.keys(scopes), operation.operationId).toContain(scope)
    expect(others).toEqual([])
    const inPath = operation.parameters.filter((parameter) => parameter.in === 'path').map(({ name }) => `{${name}}`)
    expect(path.match(/\{\w+\}/g) ?? []).toEqual(inPath)
  }
})

test('guards every route by the scope that it names', async () => {
  for (const { path, method, operation } of operations) {
    const scope = operation.security[0]?.accessToken[0] as string
    const others = Object.keys(document.components.securitySchemes.accessToken.flows.clientCredentials.scopes)
      .filter((known) => known !== scope)
      .join(' ')
    const token = await app.token({ scope: others })
    const answer = await app.call(method.toUpperCase(), path.replaceAll(/\{\w+\}/g, 'x'), { token })
    expect(answer.body, operation.operationId).toMatchObject({
      status: 403,
      code: 'insufficient_scope',
      detail: `The access token lacks the scope ${scope}.`,
    })
  }
})

test('has schemas that can be compiled', () => {
  const ajv = new Ajv2020({ strict: false, validateFormats: false })
  ajv.addSchema(document, 'api')
  for (const name of Object.keys(document.components.schemas)) {
    expect(ajv.getSchema(`api#/components/schemas/${name}`), name).toBeTypeOf('function')
  }
})
