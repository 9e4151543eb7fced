/** Loaded before a server (`node --import`): its clock is wrong by as many milliseconds as stand in a file. */
import { readFileSync } from 'node:fs'

const file = process.env['FAULT_CLOCK_FILE'] ?? ''
const TrueDate = Date
const trueNow = Date.now
let skewMs = 0

function read() {
  try {
    skewMs = Number(readFileSync(file, 'utf8')) || 0
  } catch {
    skewMs = 0
  }
}

read()
setInterval(read, 50).unref()

globalThis.Date = class extends TrueDate {
  constructor(...given) {
    if (given.length === 0) super(trueNow() + skewMs)
    else super(...given)
  }
  static now() {
    return trueNow() + skewMs
  }
}
