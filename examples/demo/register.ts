/**
 * Registers the example app, the example API and a person at a server that runs already, once, and says whom to sign in
 * as: `SIGNET_ISSUER=… SIGNET_KEYS_DIR=… DEMO_DIR=… node examples/demo/register.ts`.
 */
import { register } from './registration.ts'
import { CommandRefused, createSignetCommand } from './signet-command.ts'

const { DEMO_DIR, APP_URL, API_IDENTIFIER } = process.env
const appUrl = APP_URL ?? 'http://localhost:4000'

try {
  const { person } = await register({
    signet: createSignetCommand(process.env),
    folder: DEMO_DIR ?? '.signet/demo',
    appUrl,
    apiUrl: API_IDENTIFIER ?? 'http://localhost:4001',
  })
  console.log(`Open ${appUrl} and sign in as ${person.email} with the password ${person.password}`)
} catch (error) {
  if (!(error instanceof CommandRefused)) throw error
  console.error(error.message)
  process.exitCode = 1
}
