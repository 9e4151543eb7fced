/** Two processes at once: a code counts once, is looked at five times, and mails are counted exactly. */
import { expect, test } from 'vitest'
import { SYSTEM } from '#audit/audit.ts'
import type { RedeemRequest } from '#verification/email-code/email-code.ts'
import { BY, openCodeWorld } from './world.ts'

const world = await openCodeWorld()
const nodes = await Promise.all([world.startProcess(), world.startProcess()])
const SEND = { purpose: 'reset_password', language: 'en', path: '/reset' } as const

let people = 0
/** A person with a code that waits. */
async function waiting() {
  const address = `person${people++}@example.com`
  await world.accounts.create({ email: address }, SYSTEM)
  await world.codes.send({ ...SEND, address }, BY)
  return { address, ...(await world.latest()) }
}

/** The request as often on each node, all at once; what came of them. */
async function race(request: RedeemRequest, times: number): Promise<Record<string, number>> {
  const outcomes = await Promise.all(
    nodes.map((node) => node({ redeem: Array.from({ length: times }, () => request) })),
  )
  const counted: Record<string, number> = {}
  for (const outcome of outcomes.flat()) counted[outcome] = (counted[outcome] ?? 0) + 1
  return counted
}

test('a link that a hundred present at once is one proof', async () => {
  const { token } = await waiting()
  expect(await race({ purpose: 'reset_password', token }, 50)).toEqual({ proof: 1, nothing: 99 })
})

test('a code that a hundred present at once is one proof', async () => {
  const { address, code } = await waiting()
  expect(await race({ purpose: 'reset_password', address, code }, 50)).toEqual({ proof: 1, nothing: 99 })
})

test('V28: of a thousand wrong codes at once five are looked at, and the right one is worth nothing then', async () => {
  const { address, code } = await waiting()
  const wrong = code === '00000000' ? '00000001' : '00000000'
  // a thousand are more than the pool of a node lets wait
  const { database_unavailable: unanswered = 0, ...answered } = await race(
    { purpose: 'reset_password', address, code: wrong },
    500,
  )
  expect(answered).toEqual({ nothing: 1000 - unanswered })
  expect(unanswered).toBeLessThan(1000)
  const { rows } = await world.db.query('SELECT tries FROM email_codes WHERE NOT spent')
  expect(rows).toEqual([{ tries: 5 }])
  expect(await race({ purpose: 'reset_password', address, code }, 1)).toEqual({ nothing: 2 })
  const looked = (await world.audit.list({ limit: 1000 })).filter(({ reason }) => reason === 'wrong code')
  expect(looked.length).toBeLessThanOrEqual(5) // a node that is refused a connection after it looked tells nothing
})

test.each(['somebody@example.com', 'nobody@example.com'])(
  'of forty mails to %s at once six are sent',
  async (address) => {
    if (address.startsWith('somebody')) await world.accounts.create({ email: address }, SYSTEM)
    const before = (await world.mails()).length
    const send = Array.from({ length: 20 }, () => ({ ...SEND, address }))
    const outcomes = (await Promise.all(nodes.map((node) => node({ send })))).flat()
    expect(outcomes.filter((outcome) => outcome === 'nothing')).toHaveLength(6)
    expect(outcomes.filter((outcome) => outcome === 'too_many_mails')).toHaveLength(34)
    expect((await world.mails()).length - before).toBe(address.startsWith('somebody') ? 6 : 0)
  },
)
