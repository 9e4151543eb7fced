/** Holds the code to the house's rules (ARCHITECTURE.md), and each rule to an example that it must find. */
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { TABLES_OF_ROOMS } from '#schema.ts'
import { type Finding, roomOf } from './support/architecture/rules.ts'
import { pathsThatAreMissing } from './support/architecture/named-paths.ts'
import * as rules from './support/architecture/rules.ts'
import { readSourceFiles, type SourceFile } from './support/architecture/source-file.ts'

const ROOT = join(import.meta.dirname, '..')
const FOLDERS = ['src', 'bin', 'migrations', 'test', 'examples', 'bench', 'scripts']
const manifest = JSON.parse(readFileSync(join(ROOT, 'package.json'), 'utf8')) as { dependencies: object }
const dependencies = Object.keys(manifest.dependencies)
const files = readSourceFiles(ROOT, FOLDERS)
const source = files.filter(({ path }) => roomOf(path) !== undefined)
const owners = Object.fromEntries(
  Object.entries(TABLES_OF_ROOMS).flatMap(([room, tables]) => Object.keys(tables).map((table) => [table, room])),
)
const readmes = readSourceFiles(ROOT, ['src'], ['README.md'])

interface Rule {
  readonly title: string
  readonly find: (files: readonly SourceFile[]) => Finding[]
  /** What the rule looks at in the project. */
  readonly on: readonly SourceFile[]
  /** Each is one file that breaks the rule, with the line (and, if it is another, the file) the finding must name. */
  readonly breaches: readonly (readonly [path: string, text: string, line: number, named?: string])[]
  readonly fine?: readonly (readonly [path: string, text: string])[]
}

const RULES: readonly Rule[] = [
  {
    title: 'every folder and file directly under src has a row',
    find: rules.everyRoomHasARow,
    on: source,
    breaches: [
      ['src/payments/pay.ts', '', 1],
      ['src/extra.ts', '', 1],
    ],
  },
  {
    title: 'a room imports itself or a room of an earlier row',
    find: rules.onlyEarlierRows,
    on: source,
    breaches: [
      ['src/clients/client.ts', "\nimport { a } from '#oidc/a.ts'", 2],
      ['src/clients/client.ts', "import type { Account } from '#accounts/account.ts'", 1],
      ['src/clients/client.ts', "const a = await import('#oidc/a.ts')", 1],
      ['src/clients/client.ts', "export { a } from '../oidc/a.ts'", 1],
      ['src/pages/page.ts', "import { a } from '../../test/support/a.ts'", 1],
      ['src/resource-server/index.ts', "import { a } from '#shared/ids.ts'", 1],
      ['src/shared/ids.ts', "import { a } from '#nowhere/a.ts'", 1],
    ],
    fine: [
      ['src/clients/client.ts', "import { a } from '#shared/a.ts'\nimport b from './b.ts' // '#oidc/a.ts'"],
      ['src/clients/client.ts', "/*\nimport { a } from '#oidc/a.ts'\n*/"],
    ],
  },
  {
    title: 'imports end with .ts and read #room/file.ts across rooms',
    find: rules.importsSpellTheirPath,
    on: files,
    breaches: [
      ['src/oidc/a.ts', "import { a } from '../shared/ids.ts'", 1],
      ['src/oidc/a.ts', "import { a } from './b'", 1],
      ['test/a.test.ts', "import { a } from './support/b'", 1],
    ],
    fine: [['src/oidc/adapter/a.ts', "import { a } from '../b.ts'"]],
  },
  {
    title: 'a package with a keeper is imported by its keeper only',
    find: rules.packagesStayWithTheirKeeper,
    on: source,
    breaches: [
      ['src/admin/a.ts', "import pino from 'pino'", 1],
      ['src/clients/a-store.ts', "import type { Knex } from 'knex'", 1],
      ['src/interactions/a.ts', "import { errors } from 'oidc-provider'", 1],
      ['src/clients/a.ts', "import type { Client } from 'oidc-provider'", 1],
      ['src/http/a.ts', "import { trace } from '@opentelemetry/api'", 1],
    ],
    fine: [
      ['src/interactions/a.ts', "import type { Interaction } from 'oidc-provider'"],
      ['src/interactions/a.ts', "import { type Interaction, type Client } from 'oidc-provider'"],
      ['src/database/pool.ts', "import pg from 'pg'"],
    ],
  },
  {
    title: 'src imports production dependencies and node: modules only',
    find: (given) => rules.srcImportsProductionDependencies(given, dependencies),
    on: source,
    breaches: [
      ['src/http/a.ts', "import { expect } from 'vitest'", 1],
      ['src/http/a.ts', "import { readFileSync } from 'fs'", 1],
    ],
    fine: [['src/http/a.ts', "import Koa from 'koa'\nimport { join } from 'node:path'"]],
  },
  {
    title: 'only src/oidc/engine/internals.ts imports from inside oidc-provider',
    find: rules.oneSeamIntoTheEngine,
    on: files,
    breaches: [['src/oidc/engine/provider.ts', "import { x } from 'oidc-provider/lib/helpers/grants.js'", 1]],
    fine: [['src/oidc/engine/internals.ts', "import { x } from 'oidc-provider/lib/helpers/grants.js'"]],
  },
  {
    title: 'a migration imports only the types of knex',
    find: rules.migrationsImportKnexTypes,
    on: files,
    breaches: [
      ['migrations/20260101000000-oidc-create-a.ts', "import { a } from '#shared/ids.ts'", 1],
      ['migrations/20260101000000-oidc-create-a.ts', "import knex from 'knex'", 1],
    ],
  },
  {
    title: 'a migration is named after its time, room, verb and object, and goes up and down',
    find: rules.migrationsSayTheirRoom,
    on: files,
    breaches: [
      ['migrations/2026-a.ts', 'export async function up() {}\nexport async function down() {}', 1],
      ['migrations/20260101000000-oidc-create-a.ts', 'export async function up() {}', 1],
    ],
  },
  {
    title: 'process.env is read in src/config/env.ts only',
    find: rules.environmentIsReadOnce,
    on: source,
    breaches: [['src/main.ts', "const a = 'b' // process.env\nconst port = process.env.PORT", 2]],
    fine: [['src/config/env.ts', 'export const env = process.env']],
  },
  {
    title: 'SQL stands in stores, the database room, the adapter and migrations only',
    find: rules.sqlStaysInStores,
    on: source,
    breaches: [
      ['src/clients/clients.ts', "db.exec('x')\ndb.exec(`SELECT id\n  FROM clients`)", 2],
      ['src/clients/clients.ts', "const text = 'DELETE FROM clients WHERE id = $1'", 1],
      ['src/clients/clients.ts', 'await db.query<Row>(text)', 1],
    ],
    fine: [
      ['src/clients/clients-store.ts', "db.query('SELECT id FROM clients')"],
      ['src/clients/clients.ts', '// SELECT id FROM clients\nconst a = ctx.query.limit'],
    ],
  },
  {
    title: 'a table is written by the room that owns it',
    find: (given) => rules.tablesAreWrittenByTheirRoom(given, owners),
    on: source,
    breaches: [
      ['src/accounts/account-store.ts', "db.query('SELECT 1')\ndb.query(`DELETE FROM consents WHERE true`)", 2],
      ['src/oidc/grants/a-store.ts', 'WITH a AS (INSERT INTO audit_events (id) VALUES (1)) SELECT 1 FROM a', 1],
      ['src/oidc/grants/a-store.ts', 'WITH a AS (\n UPDATE clients SET id = id) SELECT 1 FROM a', 2],
    ],
    fine: [
      ['src/oidc/sessions/session-store.ts', 'UPDATE sessions SET uid = uid'],
      ['src/oidc/grants/a-store.ts', "'SELECT id FROM clients FOR UPDATE'"],
    ],
  },
  {
    title: 'no file or folder has a name that says nothing, and none is a barrel',
    find: rules.noForbiddenNames,
    on: files,
    breaches: [
      ['src/http/utils.ts', '', 1],
      ['src/http/helpers/a.ts', '', 1],
      ['src/clients/client-manager.ts', '', 1],
      ['src/clients/index.ts', '', 1],
      ['src/clients/clientStore.ts', '', 1],
    ],
    fine: [['src/resource-server/index.ts', '']],
  },
  {
    title: 'src has named exports only',
    find: rules.noDefaultExports,
    on: source,
    breaches: [['src/http/a.ts', 'const a = 1\nexport default a', 2]],
  },
  {
    title: 'errors of rooms are spelled one way',
    find: rules.errorsHaveOneForm,
    on: source,
    breaches: [
      ['src/mail/errors.ts', "class A extends AppError {\n  readonly code = 'a'\n}", 2],
      ['src/mail/errors.ts', "class A extends AppError {\n  override readonly name = 'A'\n}", 2],
    ],
    fine: [['src/mail/errors.ts', "class A extends AppError {\n  override readonly code = 'a'\n}"]],
  },
  {
    title: 'no enum, namespace or decorator is written',
    find: rules.onlyErasableSyntax,
    on: files,
    breaches: [
      ['src/http/a.ts', '\nexport enum A { B }', 2],
      ['src/http/a.ts', 'namespace A {}', 1],
      ['src/http/a.ts', '@sealed\nclass A {}', 1],
    ],
  },
  {
    title: 'a file has at most 300 lines',
    find: rules.atMost300Lines,
    on: files,
    breaches: [['src/http/a.ts', 'a\n'.repeat(301), 300]],
    fine: [['src/http/a.ts', 'a\n'.repeat(300)]],
  },
  {
    title: 'a file of src opens with a sentence saying what it is for',
    find: rules.filesOpenWithASentence,
    on: source,
    breaches: [['src/http/a.ts', "import Koa from 'koa'", 1]],
    fine: [['src/http/a.ts', "/** Answers. */\nimport Koa from 'koa'"]],
  },
  {
    title: 'each room has a README.md of at most twelve lines',
    find: (given) => rules.roomsTellTheirStory(given, given === source ? readmes : []),
    on: source,
    breaches: [['src/http/a.ts', '', 1, 'src/http/README.md']],
  },
]

test.each(RULES)('$title', ({ find, on }) => {
  expect(on.length).toBeGreaterThan(10)
  expect(find(on).join('\n')).toBe('')
})

test.each(RULES)('a breach is found, with file and line: $title', ({ find, breaches, fine }) => {
  for (const [path, text, line, named] of breaches) {
    const found = find([{ path, text }])
    expect(found, `${path}: ${text.slice(0, 80)}`).toHaveLength(1)
    expect(found[0]).toContain(`${named ?? path}:${line}  `)
  }
  for (const [path, text] of fine ?? []) expect(find([{ path, text }])).toEqual([])
})

test('a README of more than twelve lines is found', () => {
  const readme = { path: 'src/http/README.md', text: 'a\n'.repeat(13) }
  expect(rules.roomsTellTheirStory([{ path: 'src/http/a.ts', text: '' }], [readme])).toEqual([
    "src/http/README.md:13  13 lines: a room's README has at most 12",
  ])
})

test('every path that ARCHITECTURE.md, CONTRIBUTING.md and the READMEs of rooms name exists', () => {
  const paths = readSourceFiles(ROOT, [...FOLDERS, 'docs'], ['']).map(({ path }) => path)
  const told = ['ARCHITECTURE.md', 'CONTRIBUTING.md'].map((path) => ({
    path,
    text: readFileSync(join(ROOT, path), 'utf8'),
  }))
  expect([...told, ...readmes].flatMap((document) => pathsThatAreMissing(document, paths))).toEqual([])
})

test('a path that does not exist is found, with file and line', () => {
  const paths = ['src/http/body.ts', 'src/main.ts', 'test/flows/a.test.ts']
  const text =
    'See `body.ts` and `#http/body.ts`,\n`src/http/` and `flows/`, `*-store.ts` and `<room>/`,\nnot `gone.ts`.'
  const drawing = '```text\nsrc/\n  main.ts    life\n  http/ gone/  two rooms\n```'
  expect(pathsThatAreMissing({ path: 'A.md', text }, paths)).toEqual(['A.md:3  gone.ts does not exist'])
  expect(pathsThatAreMissing({ path: 'A.md', text: drawing }, paths)).toEqual(['A.md:4  src/gone/ does not exist'])
})

test('no file of src imports itself by way of others, types included', () => {
  expect(rules.noCircles(source)).toEqual([])
  const circle = [
    { path: 'src/http/a.ts', text: "import type { B } from './b.ts'" },
    { path: 'src/http/b.ts', text: "import { c } from '#shared/c.ts'" },
    { path: 'src/shared/c.ts', text: "\nexport { a } from '#http/a.ts'" },
  ]
  expect(rules.noCircles(circle)).toEqual(['src/shared/c.ts:2  #http/a.ts: leads back to this file'])
  expect(rules.noCircles(circle.slice(0, 2))).toEqual([])
})
