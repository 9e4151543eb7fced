/** Every fault, one row each, in the order of the catalogue. */
import { CLIENT_FAULTS } from './client-faults.ts'
import { DATABASE_FAULTS } from './database-faults.ts'
import { DISK_FULL } from './disk-fault.ts'
import type { Fault } from './harness.ts'
import { NODE_FAULTS } from './node-faults.ts'

export const FAULTS: readonly Fault[] = [...DATABASE_FAULTS, DISK_FULL, ...NODE_FAULTS, ...CLIENT_FAULTS].toSorted(
  (a, b) => Number(a.id.slice(1)) - Number(b.id.slice(1)),
)

export function faultOf(id: string): Fault {
  const fault = FAULTS.find((one) => one.id === id)
  if (!fault) throw new Error(`there is no fault ${id}: ${FAULTS.map((one) => one.id).join(', ')}`)
  return fault
}
