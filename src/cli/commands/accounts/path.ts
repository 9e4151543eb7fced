/** Resolves accounts, which people name by sub or e-mail address and the API by sub. */
import { type AdminClient, apiPath } from '../../admin-client.ts'
import { CliFailure } from '../../failure.ts'

/** Returns the path of an account, given its sub or e-mail address. Throws CliFailure `account_not_found`. */
export async function accountPath(api: AdminClient, account: string): Promise<string> {
  if (!account.includes('@')) return apiPath('accounts', account)
  for await (const found of api.list('/accounts', { email: account })) return apiPath('accounts', String(found.sub))
  throw new CliFailure(`There is no account with the e-mail address ${account}.`, { code: 'account_not_found' })
}
