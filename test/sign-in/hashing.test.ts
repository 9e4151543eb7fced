/** The hasher: its parameters, what it keeps of a password, and how many it lets in. */
import { readdir, readFile, stat } from 'node:fs/promises'
import { getPriority } from 'node:os'
import { hash as argon2Hash } from '@node-rs/argon2'
import fc from 'fast-check'
import { describe, expect, test, vi } from 'vitest'
import { SignInBusy } from '#sign-in/errors.ts'
import { createHasher } from '#sign-in/hashing.ts'

const hasher = createHasher()

describe('a hash', () => {
  test('is a PHC string of argon2id with 19 MiB, two passes and one lane', async () => {
    const phc = await hasher.hash('correct horse battery staple')
    expect(phc).toMatch(/^\$argon2id\$v=19\$m=19456,t=2,p=1\$[A-Za-z0-9+/]{22}\$[A-Za-z0-9+/]{43}$/)
  })

  test('of the same password differs each time', async () => {
    expect(await hasher.hash('correct horse')).not.toBe(await hasher.hash('correct horse'))
  })

  test('is verified by the password that made it, whatever characters it has', async () => {
    await fc.assert(
      fc.asyncProperty(fc.string({ unit: 'grapheme', maxLength: 300 }), async (password) => {
        const phc = await hasher.hash(password)
        expect(await hasher.verify(phc, password)).toBe(true)
        expect(await hasher.verify(phc, `${password} `)).toBe(false)
      }),
      { numRuns: 10 },
    )
  })

  test.each([
    ['its case', 'Password', 'password'],
    ['what follows a NUL', 'before\0after', 'before\0other'],
    ['its 257th character', `${'a'.repeat(256)}x`, `${'a'.repeat(256)}y`],
    ['its normal form', 'caf\u00E9 noir', 'cafe\u0301 noir'],
    ['its blanks', ' password', 'password'],
  ])('loses nothing of a password: %s', async (_what, password, other) => {
    const phc = await hasher.hash(password)
    expect(await hasher.verify(phc, other)).toBe(false)
  })
})

describe('a hash of before', () => {
  test('is outdated when it took less memory, fewer passes or another algorithm', async () => {
    const weaker = await argon2Hash('password', { memoryCost: 8192, timeCost: 2, parallelism: 1 })
    const quicker = await argon2Hash('password', { memoryCost: 19_456, timeCost: 1, parallelism: 1 })
    const otherAlgorithm = (await hasher.hash('password')).replace('argon2id', 'argon2i')
    expect([weaker, quicker, otherAlgorithm].map((phc) => hasher.outdated(phc))).toEqual([true, true, true])
  })

  test('is not outdated when it took as much or more', async () => {
    const stronger = await argon2Hash('password', { memoryCost: 32_768, timeCost: 3, parallelism: 1 })
    expect([await hasher.hash('password'), stronger].map((phc) => hasher.outdated(phc))).toEqual([false, false])
  })
})

describe('a rush', () => {
  test('of more hashes than may wait is refused for the rest, and the others are answered in their order', async () => {
    const narrow = createHasher({ concurrency: 1, maxWaiting: () => 2 })
    const answered: number[] = []
    const hashes = [0, 1, 2, 3, 4].map((turn) => narrow.hash(`password ${turn}`).then(() => answered.push(turn)))
    const outcomes = await Promise.allSettled(hashes)
    const refused = outcomes
      .filter((outcome) => outcome.status === 'rejected')
      .map((outcome) => outcome.reason as unknown)
    expect(answered).toEqual([0, 1, 2])
    expect(refused).toHaveLength(2)
    expect(refused[0]).toBeInstanceOf(SignInBusy)
    expect(refused[0]).toMatchObject({ status: 503, code: 'sign_in_busy', retryAfterSeconds: 2 })
  })

  test('that is over leaves the way free, also when a hash failed', async () => {
    const narrow = createHasher({ concurrency: 1, maxWaiting: () => 0 })
    await expect(narrow.verify('not a PHC string', 'password')).rejects.toThrow()
    await expect(narrow.hash('password')).resolves.toContain('$argon2id$')
  })

  test('makes its threads rest while the event loop is busy with others, and not otherwise', async () => {
    const narrow = createHasher({ concurrency: 1 })
    const rush = () => Promise.all(Array.from({ length: 5 }, () => narrow.hash('password')))
    await rush()
    const timers = vi.spyOn(globalThis, 'setTimeout')
    // the others are those after which a thread without work ends
    const rests = () => timers.mock.calls.filter(([, milliseconds]) => Number(milliseconds) < 10_000).length
    await rush()
    expect(rests()).toBe(0)
    let isBusy = true
    const work = () => void (isBusy && setImmediate(work))
    work()
    await rush().finally(() => (isBusy = false))
    // before each of the four that waited
    expect(rests()).toBe(4)
    timers.mockRestore()
  })

  test.skipIf(process.platform !== 'linux')('runs on threads that yield to everything else', async () => {
    const before = new Set(await threads())
    // another copy of the module, whose threads are not yet started
    vi.resetModules()
    const { createHasher: createOther } = await import('#sign-in/hashing.ts')
    await createOther({ concurrency: 1 }).hash('password')
    const [own] = (await threads()).filter((thread) => !before.has(thread))
    expect(await nicenessOf(String(own))).toBe(Math.min(19, getPriority() + 10))
  })

  test("leaves all of the engine's threads for files and names", async () => {
    let hashed = 0
    const rush = Array.from({ length: 30 }, () => hasher.hash('password').then(() => (hashed += 1)))
    await stat('/')
    expect(hashed).toBeLessThan(10)
    await Promise.all(rush)
  })
})

function threads(): Promise<string[]> {
  return readdir('/proc/self/task')
}

async function nicenessOf(thread: string): Promise<number> {
  const stat = await readFile(`/proc/self/task/${thread}/stat`, 'utf8')
  return Number(stat.slice(stat.lastIndexOf(')') + 2).split(' ')[16])
}
