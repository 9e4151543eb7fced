/** Registers what the demo needs, once: an API, an app with its key, and a person with a random password. */
import { randomBytes } from 'node:crypto'
import { existsSync, mkdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import type { JWK } from 'jose'
import { CommandRefused, type SignetCommand } from './signet-command.ts'

export interface Registration {
  readonly clientId: string
  readonly key: JWK
  readonly person: Person
}

interface Person {
  readonly email: string
  readonly password: string
}

export interface RegistrationOptions {
  readonly signet: SignetCommand
  /** Where the app's key and the person's password are kept, readable by the owner alone. */
  readonly folder: string
  readonly appUrl: string
  readonly apiUrl: string
}

/** Finds what an earlier run registered, and makes what is missing. */
export async function register(options: RegistrationOptions): Promise<Registration> {
  mkdirSync(options.folder, { recursive: true, mode: 0o700 })
  const [app, person] = await Promise.all([
    registerApi(options).then(() => registerApp(options)),
    registerPerson(options),
  ])
  return { ...app, person }
}

async function registerApi({ signet, apiUrl }: RegistrationOptions): Promise<void> {
  if (await exists(signet, ['resources', 'show', apiUrl])) return
  const scopes = ['--scope', 'posts:read=Read the posts', '--scope', 'posts:write=Write, rename and delete posts']
  await signet(['resources', 'create', apiUrl, '--name', 'Posts', ...scopes])
}

async function registerApp({ signet, folder, appUrl, apiUrl }: RegistrationOptions) {
  const keyFile = join(folder, 'app.jwk.json')
  const idFile = join(folder, 'app.client-id')
  const settings = [
    '--redirect-uri',
    `${appUrl}/callback`,
    '--post-logout-redirect-uri',
    `${appUrl}/`,
    '--allow',
    `${apiUrl}=posts:read,posts:write`,
  ]
  const known = existsSync(keyFile) && existsSync(idFile) ? readFileSync(idFile, 'utf8') : undefined
  if (known !== undefined && (await exists(signet, ['clients', 'show', known]))) {
    await signet(['clients', 'update', known, ...settings])
    return { clientId: known, key: readKey(keyFile) }
  }
  // What is left of a run that did not get to its end; the command never writes over a key.
  rmSync(keyFile, { force: true })
  const create = ['clients', 'create', '--profile', 'web', '--name', 'Example app', '--generate-key', keyFile]
  const { client_id: clientId } = (await signet([...create, ...settings])) as { client_id: string }
  writePrivately(idFile, clientId)
  return { clientId, key: readKey(keyFile) }
}

function readKey(file: string): JWK {
  return JSON.parse(readFileSync(file, 'utf8')) as JWK
}

async function registerPerson({ signet, folder }: RegistrationOptions): Promise<Person> {
  const file = join(folder, 'person.json')
  const known = existsSync(file) ? (JSON.parse(readFileSync(file, 'utf8')) as Person) : undefined
  if (known && (await exists(signet, ['accounts', 'show', known.email]))) return known
  // The password of an account cannot be set again: an address whose password is not known here is left alone.
  const taken = known === undefined && (await exists(signet, ['accounts', 'show', 'ada@example.com']))
  const email = known?.email ?? (taken ? `ada+${randomBytes(3).toString('hex')}@example.com` : 'ada@example.com')
  const person = { email, password: known?.password ?? readablePassword() }
  writePrivately(file, JSON.stringify(person))
  const create = ['accounts', 'create', '--email', email, '--email-verified', '--name', 'Ada Lovelace']
  await signet([...create, '--password-stdin'], person.password)
  return person
}

/** 80 bits in groups that can be typed. */
function readablePassword(): string {
  const letters = 'abcdefghjkmnpqrstuvwxyz23456789x'
  const text = Array.from(randomBytes(16), (byte) => letters[byte % letters.length]).join('')
  return text.replaceAll(/(.{4})(?=.)/g, '$1-')
}

async function exists(signet: SignetCommand, show: readonly string[]): Promise<boolean> {
  try {
    await signet(show)
    return true
  } catch (error) {
    if (error instanceof CommandRefused && error.code.endsWith('_not_found')) return false
    throw error
  }
}

function writePrivately(file: string, content: string): void {
  writeFileSync(`${file}.new`, content, { mode: 0o600 })
  renameSync(`${file}.new`, file)
}
