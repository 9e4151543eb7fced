/** Builds the OpenAPI 3.1 document of the admin API from the same route table as the router. */
import { z } from 'zod'
import { createDocument, type ZodOpenApiOperationObject, type ZodOpenApiPathsObject } from 'zod-openapi'
import type { Route } from './route.ts'
import { ADMIN_SCOPES, adminResourceOf } from './scopes.ts'

const problem = z
  .strictObject({
    type: z.string().meta({ description: 'Where this kind of problem is explained.' }),
    title: z.string(),
    status: z.int(),
    detail: z.string().meta({ description: 'What was wrong, and what would be right.' }),
    code: z.string().meta({ description: 'The kind of problem, for programs.' }),
    request_id: z.string().meta({ description: 'Under which the logs know this request.' }),
    errors: z
      .array(z.strictObject({ field: z.string(), given: z.unknown(), expected: z.string() }))
      .optional()
      .meta({ description: 'Every faulty member of the input.' }),
  })
  .meta({ id: 'Problem', description: 'RFC 9457' })

const REFUSALS: Readonly<Record<number, string>> = {
  400: 'The request has faults: every one is listed.',
  401: 'The access token is missing or worth nothing.',
  403: 'The access token lacks a scope, which is named.',
  404: 'There is no such object.',
  409: 'It exists already, or its state does not allow this.',
  412: 'The object is another version than If-Match names.',
  413: 'The body is larger than 56 KiB.',
  415: 'The body is not JSON.',
  429: 'Too much of it lately; Retry-After says when it may be tried again.',
}

/** Returns the document for the server `issuer`. */
export function createOpenApiDocument(issuer: string, routes: readonly Route[]) {
  const paths: ZodOpenApiPathsObject = {}
  for (const route of routes) {
    paths[route.path] = { ...paths[route.path], [route.method.toLowerCase()]: operation(route) }
  }
  return createDocument({
    openapi: '3.1.0',
    info: {
      title: 'Signet admin API',
      version: '1',
      description:
        'Registers and watches over clients, resources, accounts and keys. Every request carries an access token for ' +
        `the resource ${adminResourceOf(issuer)}. Objects are named in the path by their id, percent-encoded.`,
      license: { name: 'MIT', identifier: 'MIT' },
    },
    servers: [{ url: adminResourceOf(issuer) }],
    tags: [...new Set(routes.map((route) => route.tag))].map((name) => ({ name })),
    paths,
    components: {
      securitySchemes: {
        accessToken: {
          type: 'oauth2',
          flows: { clientCredentials: { tokenUrl: `${issuer}/token`, scopes: ADMIN_SCOPES } },
        },
      },
    },
  })
}

function operation(route: Route): ZodOpenApiOperationObject {
  const names = pathParameters(route.path)
  const { query } = route
  return {
    operationId: route.operationId,
    tags: [route.tag],
    summary: route.summary,
    security: [{ accessToken: [route.scope] }],
    requestParams: {
      ...(names.length === 0 ? {} : { path: z.object(Object.fromEntries(names.map((name) => [name, z.string()]))) }),
      ...(query ? { query } : {}),
      ...(route.conditional ? { header: z.object({ 'If-Match': ifMatch }) } : {}),
    },
    ...(route.body
      ? {
          requestBody: {
            required: !route.body.safeParse(undefined).success,
            content: { 'application/json': { schema: route.body } },
          },
        }
      : {}),
    responses: { [route.answer.status]: answer(route), ...refusals(route) },
  } as ZodOpenApiOperationObject
}

const ifMatch = z.string().optional().meta({
  description:
    'The ETag that the change is based on, or a list of ETags, one of which must be current; a weak ETag never matches. When absent, any version is accepted.',
  example: '"3"',
})

function answer({ answer: { status, description, schema, versioned } }: Route) {
  const headers = {
    ...(versioned ? { ETag: z.string().meta({ description: 'The version.', example: '"3"' }) } : {}),
    ...(status === 201 ? { Location: z.string().meta({ description: 'The URL of the new object.' }) } : {}),
  }
  return {
    description,
    ...(Object.keys(headers).length === 0 ? {} : { headers: z.object(headers) }),
    ...(schema ? { content: { 'application/json': { schema } } } : {}),
  }
}

function refusals(route: Route): Record<string, object> {
  const statuses = [
    400,
    401,
    403,
    ...(route.refusals ?? []),
    ...(route.conditional ? [412] : []),
    ...(route.body ? [413, 415] : []),
  ]
  const content = { 'application/problem+json': { schema: problem } }
  return Object.fromEntries(statuses.map((status) => [status, { description: REFUSALS[status], content }]))
}

/** Returns the parameter names in a path, which are in braces. */
function pathParameters(path: string): string[] {
  return [...path.matchAll(/\{(\w+)\}/g)].map((match) => match[1] as string)
}
