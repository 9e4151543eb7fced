/** Open scopes of resources: which there can be, and which resources every node lists as open. */
import { expect, test } from 'vitest'
import { SYSTEM } from '#audit/audit.ts'
import { eventually, SOON_MS } from '../support/eventually.ts'
import { cloneDatabase } from '../support/postgres.ts'
import { openRooms, refusal } from '../support/rooms.ts'

const { url } = await cloneDatabase()
const [here, there] = await Promise.all([openRooms(url), openRooms(url)])
const { resources } = here

test('opens only scopes that the resource has, and closes those that it loses', async () => {
  const input = { identifier: 'https://faulty.example.com', scopes: ['a'], openScopes: ['a', 'b'] }
  const [fault] = (await refusal(resources.create(input, SYSTEM))).faults
  expect(fault).toMatchObject({ field: 'open_scopes', expected: 'an array of scopes that the resource has: a' })
  const identifier = 'https://open.example.com'
  await resources.create({ identifier, scopes: ['a', 'b'], openScopes: ['b', 'a', 'b'] }, SYSTEM)
  expect((await resources.read(identifier))?.openScopes).toEqual(['b', 'a'])
  const after = await resources.update(identifier, { scopes: ['b'] }, undefined, SYSTEM)
  expect(after.openScopes).toEqual(['b'])
})

test('obeys within a second which resources are open', async () => {
  const identifier = 'https://opening.example.com'
  await resources.create({ identifier, scopes: ['x'] }, SYSTEM)
  expect(await there.resources.open()).not.toContain(identifier)
  await resources.update(identifier, { openScopes: ['x'] }, undefined, SYSTEM)
  expect(await resources.open()).toContain(identifier)
  await eventually(async () => (await there.resources.open()).includes(identifier), SOON_MS)
  await resources.remove(identifier, undefined, SYSTEM)
  await eventually(async () => !(await there.resources.open()).includes(identifier), SOON_MS)
})
