/** Registers the demo's app, API and person with a server that runs elsewhere, and tells whom to sign in as. */
import { register } from './registration.ts'
import { createSignetCommand } from './signet-command.ts'

const { DEMO_DIR, APP_URL, API_IDENTIFIER } = process.env
const appUrl = APP_URL ?? 'http://localhost:4000'
const { person } = await register({
  signet: createSignetCommand(process.env),
  folder: DEMO_DIR ?? '.signet/demo',
  appUrl,
  apiUrl: API_IDENTIFIER ?? 'http://localhost:4001',
})
console.log(`Open ${appUrl} and sign in as ${person.email} with the password ${person.password}`)
