/** Resolves accounts, which people name by sub or e-mail address and the API by sub. */
import { type AdminClient, apiPath } from '../../admin-client.ts'
import { CliFailure } from '../../failure.ts'
import { findClient } from '../clients/find-client.ts'

/** Returns the path of an account, given its sub or e-mail address. Throws CliFailure `account_not_found`. */
export async function accountPath(api: AdminClient, account: string): Promise<string> {
  if (!account.includes('@')) return apiPath('accounts', account)
  for await (const found of api.list('/accounts', { email: account })) return apiPath('accounts', String(found.sub))
  throw new CliFailure(`There is no account with the e-mail address ${account}.`, { code: 'account_not_found' })
}

/** Returns the path of an account, given the sub that a client knows. Throws CliFailure `account_not_found`. */
export async function pathOfSubject(api: AdminClient, subject: string, client: string): Promise<string> {
  const { id } = await findClient(api, client)
  for await (const found of api.list('/accounts', { subject, client_id: id })) {
    return apiPath('accounts', String(found.sub))
  }
  throw new CliFailure(`The client ${client} knows no account by the sub ${subject}.`, { code: 'account_not_found' })
}
