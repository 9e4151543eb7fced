/** What all commands have in common: lists that are whole, help with examples. */
import { expect, test } from 'vitest'
import { startSignet } from './support/signet.ts'

const signet = await startSignet()
await signet.json(['resources', 'create', 'https://api.example.com'])
await signet.json(['accounts', 'create', '--email', 'ada@example.com'])

test('every list is one JSON array of all objects', async () => {
  for (const command of [
    ['clients', 'list'],
    ['resources', 'list'],
    ['accounts', 'list'],
    ['keys', 'list'],
    ['audit', 'list'],
  ]) {
    const list = await signet.json<unknown[]>(command)
    expect(Array.isArray(list), command.join(' ')).toBe(true)
    expect(list.length, command.join(' ')).toBeGreaterThan(0)
  }
})

test('a list goes on where a page of the API ends', async () => {
  const token = (await signet.run(['token'])).stdout.trimEnd()
  const headers = { authorization: `Bearer ${token}`, 'content-type': 'application/json' }
  const emails = Array.from({ length: 205 }, (_, at) => `person-${at}@example.com`)
  for (const email of emails) {
    const answer = await signet.server.fetch('/admin/v1/accounts', {
      method: 'POST',
      headers,
      body: JSON.stringify({ email }),
    })
    expect(answer.status).toBe(201)
  }
  const listed = await signet.json<{ email: string }[]>(['accounts', 'list'])
  const seen = listed.map(({ email }) => email).filter((email) => email.startsWith('person-'))
  expect(seen.toSorted((a, b) => a.localeCompare(b))).toEqual(emails.toSorted((a, b) => a.localeCompare(b)))
})

test('every command explains itself with an example', async () => {
  const groups = {
    clients: [
      'create',
      'list',
      'show',
      'update',
      'delete',
      'enable',
      'disable',
      'unblock',
      'secrets',
      'keys',
      'document',
    ],
    'clients secrets': ['list', 'add', 'revoke'],
    'clients keys': ['list', 'add', 'refetch', 'revoke', 'remove'],
    'registration-tokens': ['create', 'list', 'revoke'],
    resources: ['create', 'list', 'show', 'update', 'delete', 'allow'],
    accounts: ['create', 'list', 'show', 'update', 'disable', 'enable', 'delete', 'sessions', 'grants'],
    'accounts sessions': ['list', 'end'],
    'accounts grants': ['list', 'withdraw'],
    keys: ['list', 'rotate', 'retire', 'revoke'],
    settings: ['show', 'set', 'reset'],
    upstreams: ['create', 'list', 'show', 'update', 'delete'],
    audit: ['list'],
  }
  const commands = Object.entries(groups).flatMap(([group, names]) => names.map((name) => `${group} ${name}`))
  for (const command of [...commands, 'token']) {
    const { code, stdout } = await signet.run([...command.split(' '), '--help'])
    expect(code, command).toBe(0)
    expect(stdout, command).toMatch(/Examples?:\n {2}\$ signet /)
    expect(stdout, command).toContain('--json')
  }
})
