/** The reference tells what is: settings, commands and routes follow the code, addresses answer, links lead somewhere. */
import { existsSync, readFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { beforeAll, expect, test } from 'vitest'
import { VARIABLES } from '#config/variables.ts'
import { ROUTES } from '#oidc/engine/routes.ts'
import { commands, documents, routes } from '../../scripts/reference.ts'
import { ROOT, treeFiles } from '../support/docs/tree-copy.ts'
import { type Server, startServer } from '../support/server.ts'

const reference = readFileSync(join(ROOT, 'docs/reference.md'), 'utf8')
let server: Server

beforeAll(async () => {
  server = await startServer()
})

/** The paths of a table below a heading, without their parameters. */
function pathsBelow(heading: string): string[] {
  const section = reference.split(`\n## ${heading}\n`)[1]?.split('\n## ')[0] ?? ''
  return [...section.matchAll(/`(\/[^`\s]*)`/g)].map(([, path]) => path ?? '')
}

test('settings, commands, admin routes, audit events, the row table and the hazards are as the code has them (npm run reference)', () => {
  expect(documents().map(({ file }) => file)).toEqual([
    '.env.example',
    'ARCHITECTURE.md',
    'docs/reference.md',
    'docs/security/hazards.md',
    'docs/security/asvs.md',
  ])
  for (const { file, present, expected } of documents()) expect(present, file).toBe(expected)
})

test('the reference names every setting, every command with every option, and every admin route', () => {
  for (const name of Object.keys(VARIABLES)) expect(reference).toContain(`| \`${name}\` |`)
  expect(commands().length).toBeGreaterThan(20)
  for (const { usage, command } of commands()) {
    expect(reference).toContain(`#### \`${usage.replace(/ \[options\]/, '')}\``)
    for (const { long } of command.options) expect(reference, usage).toContain(`${long}`)
  }
  expect(routes().length).toBeGreaterThan(20)
  for (const { method, path } of routes()) expect(reference).toContain(`| \`${method} /admin/v1${path}\` |`)
})

test('the routes of the reference are those that the OpenAPI document of a running server has', async () => {
  const response = await server.fetch('/admin/v1/openapi.json')
  expect(response.status).toBe(200)
  const { paths } = (await response.json()) as { paths: Record<string, object> }
  const methods = ['get', 'post', 'put', 'patch', 'delete']
  const served = Object.entries(paths).flatMap(([path, item]) =>
    Object.keys(item)
      .filter((method) => methods.includes(method))
      .map((method) => `${method.toUpperCase()} ${path.replace(/^\/admin\/v1/, '')}`),
  )
  expect(served.toSorted()).toEqual(
    routes()
      .map(({ method, path }) => `${method} ${path}`)
      .toSorted(),
  )
})

test('every endpoint of the reference answers on a running server, and nothing else does', async () => {
  const listed = pathsBelow('Endpoints').filter((path) => !path.startsWith('/health/') && path !== '/metrics')
  expect(listed.length).toBeGreaterThan(10)
  for (const path of listed.filter((candidate) => !candidate.includes(':'))) {
    const get = await server.fetch(path, { redirect: 'manual' })
    const post = await server.fetch(path, { method: 'POST', redirect: 'manual' })
    expect(
      [get.status, post.status].some((status) => status !== 404 && status < 500),
      path,
    ).toBe(true)
  }
  expect((await server.fetch('/nowhere')).status).toBe(404)
})

test('every endpoint that discovery names is in the reference', async () => {
  const metadata = (await (await server.fetch('/.well-known/openid-configuration')).json()) as Record<string, unknown>
  const listed = pathsBelow('Endpoints')
  const named = Object.entries(metadata).filter(([name]) => name.endsWith('_endpoint') || name === 'jwks_uri')
  expect(named.length).toBeGreaterThan(5)
  for (const [name, url] of named) expect(listed, name).toContain(new URL(String(url)).pathname)
})

test('every path that the app names in logs and metrics is in the reference, or a step below one that is', () => {
  const source = readFileSync(join(ROOT, 'src/app.ts'), 'utf8')
  const table = source.match(/const TEMPLATES = \[([^\]]*)\]/)?.[1] ?? ''
  const named = [...[...table.matchAll(/'(\/[^']*)'/g)].map(([, path]) => path ?? ''), ...Object.values(ROUTES)]
  expect(named.length).toBeGreaterThan(12)
  const listed = pathsBelow('Endpoints')
  for (const path of named) {
    const told = listed.some((known) => path === known || (known !== '/' && path.startsWith(`${known}/`)))
    expect(told, path).toBe(true)
  }
})

test('what the reference says of the management port is there', async () => {
  for (const path of pathsBelow('Endpoints').filter((listed) => /^\/(health|metrics)/.test(listed))) {
    expect((await fetch(server.managementUrl + path)).status, path).toBe(200)
  }
})

test('every link between the documents leads to a file and a heading that are there', () => {
  const anchor = (heading: string): string =>
    heading
      .toLowerCase()
      .replaceAll(/[^\p{L}\p{N}\s_-]/gu, '')
      .trim()
      .replaceAll(/\s/g, '-')
  const documentsOfTheTree = treeFiles().filter((path) => path.endsWith('.md'))
  expect(documentsOfTheTree.length).toBeGreaterThan(10)
  for (const path of documentsOfTheTree) {
    const text = readFileSync(join(ROOT, path), 'utf8').replaceAll(/^```[^]*?^```/gm, '')
    for (const [, target = ''] of text.matchAll(/\]\(([^)\s]+)\)/g)) {
      if (/^[a-z]+:/.test(target)) continue
      const [file = '', heading] = target.split('#')
      const goal = file === '' ? path : join(dirname(path), file)
      expect(existsSync(join(ROOT, goal)), `${path}: ${target}`).toBe(true)
      if (heading === undefined) continue
      const headings = [...readFileSync(join(ROOT, goal), 'utf8').matchAll(/^#+ (.*)$/gm)].map(([, title = '']) =>
        anchor(title),
      )
      expect(headings, `${path}: ${target}`).toContain(heading)
    }
  }
})
