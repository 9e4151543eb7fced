/** Looks up passwords in the bundled list of known passwords: a sorted file of digest prefixes, read once. */
import { readFile } from 'node:fs/promises'
import { sha256 } from '#shared/ids.ts'

/** With five bytes, about one in five million other passwords is taken for a known one. */
const PREFIX_BYTES = 5
const LIST = new URL('./breached-passwords.bin', import.meta.url)

let list: Promise<Buffer> | undefined

/** Returns whether the password is on the list, ignoring case. `scripts/breached-passwords.ts` makes the list. */
export async function isBreached(password: string): Promise<boolean> {
  list ??= readFile(LIST)
  const sorted = await list
  const wanted = sha256(password.toLowerCase()).subarray(0, PREFIX_BYTES)
  let [low, high] = [0, sorted.length / PREFIX_BYTES]
  while (low < high) {
    const middle = (low + high) >>> 1
    const order = sorted.compare(wanted, 0, PREFIX_BYTES, middle * PREFIX_BYTES, (middle + 1) * PREFIX_BYTES)
    if (order === 0) return true
    if (order < 0) low = middle + 1
    else high = middle
  }
  return false
}
