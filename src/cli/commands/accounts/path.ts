/** Accounts are named by their sub or their e-mail address; the API knows them by their sub. */
import { type AdminClient, apiPath } from '../../admin-client.ts'
import { CliFailure } from '../../failure.ts'

/** The path of an account that was named by its sub or its e-mail address. */
export async function accountPath(api: AdminClient, account: string): Promise<string> {
  if (!account.includes('@')) return apiPath('accounts', account)
  for await (const found of api.list('/accounts', { email: account })) return apiPath('accounts', String(found.sub))
  throw new CliFailure(`There is no account with the e-mail address ${account}.`, { code: 'account_not_found' })
}
