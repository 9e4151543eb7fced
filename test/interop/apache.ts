/** Apache with mod_auth_openidc in front of a page, as an app of a live server. */
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { chmodSync, existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { atEnd } from '../support/endings.ts'
import { eventually } from '../support/eventually.ts'
import { temporaryDir } from '../support/server.ts'

const MODULES = '/usr/lib/apache2/modules'

export interface Registration {
  readonly issuer: string
  readonly clientId: string
  readonly secret: string
}

/** Starts Apache on a port. The page needs a person who has signed in; `redirectUri` is the module's own address. */
export async function startApache(
  port: number,
  redirectUri: string,
  { issuer, clientId, secret }: Registration,
): Promise<{ logs(): string }> {
  const dir = temporaryDir('apache')
  // Apache serves as another user when it is started by root
  chmodSync(dir, 0o755)
  mkdirSync(join(dir, 'pages'))
  writeFileSync(join(dir, 'pages/index.html'), '<h1>Members only</h1>')
  const modules = ['mpm_event', 'authn_core', 'authz_core', 'authz_user', 'dir', 'auth_openidc']
  const lines = [
    `ServerRoot ${dir}`,
    `ServerName localhost`,
    `Listen 127.0.0.1:${port}`,
    `PidFile ${dir}/apache.pid`,
    `DefaultRuntimeDir ${dir}`,
    `ErrorLog ${dir}/error.log`,
    ...modules.map((name) => `LoadModule ${name}_module ${MODULES}/mod_${name}.so`),
    ...(process.getuid?.() === 0 ? ['User www-data', 'Group www-data'] : []),
    `DocumentRoot ${dir}/pages`,
    'DirectoryIndex index.html',
    `OIDCProviderMetadataURL ${issuer}/.well-known/openid-configuration`,
    `OIDCClientID ${clientId}`,
    `OIDCClientSecret ${secret}`,
    `OIDCRedirectURI ${redirectUri}`,
    'OIDCCryptoPassphrase a-passphrase-of-this-test',
    'OIDCPKCEMethod S256',
    'OIDCScope openid',
    '<Location />',
    'AuthType openid-connect',
    // `fetch` does not say that it navigates, as browsers do
    'OIDCUnAuthAction auth true',
    'Require valid-user',
    '</Location>',
  ]
  const file = join(dir, 'apache.conf')
  writeFileSync(file, `${lines.join('\n')}\n`)
  const apache = spawn('/usr/sbin/apache2', ['-X', '-f', file], { stdio: ['ignore', 'pipe', 'pipe'] })
  let output = ''
  for (const stream of [apache.stdout, apache.stderr]) stream.on('data', (chunk) => (output += String(chunk)))
  atEnd(async () => {
    if (apache.exitCode !== null || apache.signalCode !== null) return
    const ended = once(apache, 'exit')
    apache.kill('SIGTERM')
    await ended
  })
  const answers = () =>
    fetch(`http://localhost:${port}/`, { redirect: 'manual' }).then(
      () => true,
      () => apache.exitCode !== null,
    )
  const log = join(dir, 'error.log')
  const logs = () => output + (existsSync(log) ? readFileSync(log, 'utf8') : '')
  await eventually(answers, 20_000, () => `Apache did not start: ${logs()}`)
  if (apache.exitCode !== null) throw new Error(`Apache ended: ${logs()}`)
  return { logs }
}
