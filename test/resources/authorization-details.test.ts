/** The types of authorization details of a resource: their schemas, and when one detail is within another. */
import { describe, expect, test } from 'vitest'
import type { Fault } from '#shared/app-error.ts'
import { checkDetailsTypes, detailFault, isWithin, typeAt } from '#resources/authorization-details.ts'

const schema = { type: 'object', properties: { type: { const: 'pay' } } }
const pay = { type: 'pay', name: 'Pay', schema }

function faultsOf(given: unknown): [string, unknown, string][] {
  const faults: Fault[] = []
  checkDetailsTypes(given, faults)
  return faults.map(({ field, given: found, expected }) => [field, found, expected])
}

describe('a type', () => {
  test('has a name in words and a schema that is checked in full', () => {
    expect(faultsOf([pay])).toEqual([])
    for (const [also, problem] of [
      [{ minlenght: 3 }, 'strict mode: unknown keyword: "minlenght"'],
      [
        { properties: { at: { type: 'string', format: 'date' } } },
        'unknown format "date" ignored in schema at path "#/properties/at"',
      ],
      [{ $ref: 'https://evil.example/schema' }, "can't resolve reference https://evil.example/schema from id #"],
      [{ type: 'thing' }, expect.stringContaining('schema is invalid') as string],
    ] as const) {
      expect(faultsOf([{ ...pay, schema: { ...schema, ...also } }])).toEqual([
        [
          'authorization_details_types[0].schema',
          problem,
          'a JSON Schema (2020-12) of one object of authorization details',
        ],
      ])
    }
  })

  test.each([
    ['type', { type: 'a b' }, 'a b'],
    ['type', { type: 7 }, 7],
    ['name', { name: '' }, ''],
    ['name', { name: 'a\u202Eb' }, 'a\u202Eb'],
    ['schema', { schema: [] }, 'no object'],
    ['schema', { schema: { title: 'x'.repeat(20_000) } }, 'more than 16384 characters'],
  ])('with a wrong %s (%j) is refused', (member, also, given) => {
    expect(faultsOf([{ ...pay, ...also }])).toEqual([
      [`authorization_details_types[0].${member}`, given, expect.any(String)],
    ])
  })

  test('stands in the list once', () => {
    expect(faultsOf([pay, pay])).toEqual([
      ['authorization_details_types[1].type', 'pay', 'a type that the list has once'],
    ])
    expect(faultsOf({})).toHaveLength(1)
  })
})

test('a schema whose object is read anew is the same schema', () => {
  for (let time = 0; time < 3; time++) {
    const type = { ...pay, schema: structuredClone({ ...schema, $id: 'https://bank.example/pay' }) }
    expect(detailFault(type, { type: 'pay' })).toBeUndefined()
    expect(detailFault(type, { type: 'other' })).toBe('type must be equal to constant')
  }
})

test('a detail is at a resource that takes its type, unless it names another place', () => {
  const bank = { identifier: 'https://bank.example.com', detailsTypes: [pay] }
  expect(typeAt(bank, { type: 'pay' })).toBe(pay)
  expect(typeAt(bank, { type: 'pay', locations: ['HTTPS://Bank.example.com/'] })).toBe(pay)
  expect(typeAt(bank, { type: 'pay', locations: ['https://other.example.com'] })).toBeUndefined()
  expect(typeAt(bank, { type: 'read' })).toBeUndefined()
})

test.each([
  [{ actions: ['a'] }, { actions: ['a', 'b'] }, true],
  [{ actions: ['a', 'c'] }, { actions: ['a', 'b'] }, false],
  [{ actions: [] }, { actions: ['a', 'b'] }, false],
  [{}, { actions: ['a'] }, false],
  [{ actions: ['a'] }, {}, false],
  [{ amount: { sum: 1 } }, { amount: { sum: 1 } }, true],
  [{ amount: { sum: 2 } }, { amount: { sum: 1 } }, false],
  [{ other: ['a'] }, { other: ['a', 'b'] }, false],
])('%j is within %j: %j', (asked, granted, expected) => {
  expect(isWithin({ type: 't', ...asked }, { type: 't', ...granted })).toBe(expected)
})
