/** What strangers may have stored: so much an hour for each network, and an eighth of it at once. */
import { beforeEach, expect, test } from 'vitest'
import { createWriteBudget, TooMuchWritten, type WriteBudget } from '#http/write-budget.ts'
import { cloneDatabase } from '../support/postgres.ts'
import { openRooms } from '../support/rooms.ts'

const ROW = 1024
let now: number
let budget: WriteBudget

beforeEach(() => {
  now = 0
  budget = createWriteBudget({ clock: { now: () => new Date(now) }, megabytesPerHour: () => 8 })
})

/** Writes rows of a kilobyte until it is refused, and returns their number. */
function fill(address: string): number {
  for (let rows = 0; rows < 20_000; rows += 1) {
    try {
      budget.charge(address, ROW - 512)
    } catch {
      return rows
    }
  }
  return expect.unreachable('nothing is refused')
}

test('an eighth of an hour can be used at once, and comes back evenly', () => {
  expect(fill('192.0.2.1')).toBe(1024)
  now += 60_000
  expect(fill('192.0.2.1')).toBe(Math.floor((8 * 1024) / 60))
  now += 3_600_000
  expect(fill('192.0.2.1')).toBe(1024)
})

test('in an hour an address writes no more than its budget and the eighth', () => {
  let rows = 0
  for (; now <= 3_600_000; now += 10_000) rows += fill('192.0.2.1')
  expect(rows * ROW).toBeLessThanOrEqual(9.1 * 1024 * 1024)
})

test('a refusal says when to come back, and costs nothing', () => {
  fill('192.0.2.1')
  for (let more = 0; more < 100; more += 1) {
    expect(() => budget.charge('192.0.2.1', 500_000)).toThrow(new TooMuchWritten(215))
  }
  now += 1000
  expect(fill('192.0.2.1')).toBe(2)
})

test('each IPv4 address has its own, and all addresses of an IPv6 /64 share one', () => {
  fill('192.0.2.1')
  expect(fill('192.0.2.2')).toBe(1024)
  fill('2001:db8::1')
  expect(fill('2001:db8::ffff')).toBe(0)
  expect(fill('2001:db8:0:1::1')).toBe(1024)
})

test('all addresses of an IPv6 /48 together have ten times the budget of one, and of an IPv4 /24 too', () => {
  budget = createWriteBudget({ clock: { now: () => new Date(now) }, megabytesPerHour: () => 1 })
  for (let at = 0; at < 10; at += 1) expect(fill(`2001:db8:0:${at}::1`)).toBe(128)
  expect(fill('2001:db8:0:ffff::1')).toBe(0)
  expect(fill('2001:db8:1::1')).toBe(128)
  for (let at = 0; at < 10; at += 1) expect(fill(`198.51.100.${at}`)).toBe(128)
  expect(fill('198.51.100.255')).toBe(0)
  expect(fill('198.51.101.1')).toBe(128)
})

test('a row larger than what can be used at once is taken while nothing else is there, and waits else', () => {
  const small = createWriteBudget({ clock: { now: () => new Date(now) }, megabytesPerHour: () => 1 / 64 })
  small.charge('192.0.2.1', 8192 - 512)
  expect(() => small.charge('192.0.2.1', 8192 - 512)).toThrow(new TooMuchWritten(1800))
  now += 1_800_000
  small.charge('192.0.2.1', 8192 - 512)
})

test('of more than twenty thousand networks, those whose last row is the longest ago are forgotten', () => {
  const [kept, forgotten] = ['192.0.2.1', '192.0.2.2']
  const write = (address: string, rows: number) => {
    for (let at = 0; at < rows; at += 1) budget.charge(address, ROW - 512)
  }
  write(kept, 1023)
  write(forgotten, 1023)
  write(kept, 1)
  for (let at = 0; at < 19_998; at += 1) write(`10.0.${at >> 8}.${at & 255}`, 1)
  expect(fill(kept)).toBe(0)
  write('10.1.0.0', 1)
  expect(fill(kept)).toBe(0)
  expect(fill(forgotten)).toBe(1024)
})

test('the workers of a server have equal parts of its budget', async () => {
  const { url } = await cloneDatabase()
  const rowsOf = async (workers: number) => {
    budget = (await openRooms(url, { workers, clock: { now: () => new Date(now) } })).writeBudget
    return fill('192.0.2.1')
  }
  expect(await rowsOf(4)).toBe((await rowsOf(1)) / 4)
})
