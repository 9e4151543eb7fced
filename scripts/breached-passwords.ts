/**
 * Makes the list of known passwords from a text file with one a line, the commonest first:
 * `node scripts/breached-passwords.ts passwords.txt`. What is shorter than any password may be is left out.
 */
import { createHash } from 'node:crypto'
import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'

const OUTPUT = join(import.meta.dirname, '../src/sign-in/password/breached-passwords.bin')
const PREFIX_BYTES = 5
const MIN_LENGTH = 8

const [, , path] = process.argv
if (path === undefined) throw new Error('name the text file: node scripts/breached-passwords.ts passwords.txt')
const lines = readFileSync(path, 'utf8').split(/\r?\n/)
const known = new Set(lines.map((line) => line.toLowerCase()).filter((line) => Array.from(line).length >= MIN_LENGTH))
const prefixes = [...known].map((line) => createHash('sha256').update(line).digest().subarray(0, PREFIX_BYTES))
const sorted = [...new Set(prefixes.map((prefix) => prefix.toString('hex')))].toSorted()
writeFileSync(OUTPUT, Buffer.from(sorted.join(''), 'hex'))
process.stdout.write(`${sorted.length} passwords in ${OUTPUT}\n`)
