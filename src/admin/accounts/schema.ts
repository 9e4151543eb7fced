/** The schemas of an account in the admin API: its own members, with the standard claims as further members. */
import { z } from 'zod'
import type { Account, AccountInput } from '#accounts/account.ts'
import { PAGE_QUERY, pageSchema } from '../paging.ts'

const email = z.string().meta({ example: 'ada@example.com' })
const name = z.string().nullable().meta({ description: 'In full, as people are called.', example: 'Ada Lovelace' })
const verified = z.boolean().meta({ description: 'Whether the address is known to be theirs.' })
const claims = 'Further members are standard claims (OpenID Connect Core §5.1): given_name, locale, picture …'

export const newAccount = z
  .looseObject({
    email,
    email_verified: verified.optional(),
    name: name.optional(),
    password: z.string().optional().meta({ description: 'The first password, 8 to 256 characters.', writeOnly: true }),
    must_change_password: z.boolean().optional().meta({
      description: 'Whether another password must be chosen at the first sign-in; only together with `password`.',
      writeOnly: true,
    }),
  })
  .meta({ id: 'NewAccount', description: claims })

export const accountChange = z
  .looseObject({ email: email.optional(), email_verified: verified.optional(), name: name.optional() })
  .meta({ id: 'AccountChange', description: `The members given are replaced; null takes a claim away. ${claims}` })

export const accountDocument = z
  .looseObject({
    sub: z.string().meta({ description: 'The subject identifier (OpenID Connect Core §8).' }),
    email,
    email_verified: verified,
    name,
    status: z.enum(['enabled', 'disabled']),
    created_at: z.iso.datetime(),
    updated_at: z.iso.datetime(),
  })
  .meta({ id: 'Account', description: claims })

export const accountPage = pageSchema(accountDocument, 'AccountPage')

const accountFilters = z.strictObject({
  ...PAGE_QUERY,
  email: z.string().min(1).max(320).optional().meta({ description: 'Only the account with this address.' }),
  subject: z.string().min(1).max(255).optional().meta({
    description: 'Only the account that the client `client_id` knows by this `sub`, which may be pairwise.',
  }),
  client_id: z.string().min(1).max(512).optional().meta({ description: 'The client that knows the `subject`.' }),
})

export const accountQuery = accountFilters.refine(
  ({ subject, client_id: clientId }) => (subject === undefined) === (clientId === undefined),
  { path: ['client_id'], error: 'subject and client_id together, or neither' },
)

/** Members that a change may repeat but not change. Any value of `updated_at` is ignored. */
export const ACCOUNT_READ_ONLY = ['sub', 'status', 'created_at']
const PASSWORD_MEMBERS = ['password', 'must_change_password']
const OWN_MEMBERS = ['email', 'email_verified', 'name', ...ACCOUNT_READ_ONLY, 'updated_at', ...PASSWORD_MEMBERS]

export function toAccountDocument(account: Account): z.infer<typeof accountDocument> {
  return {
    sub: account.id,
    email: account.email,
    email_verified: account.emailVerified,
    name: account.name ?? null,
    ...account.claims,
    status: account.status,
    created_at: account.createdAt.toISOString(),
    updated_at: account.updatedAt.toISOString(),
  }
}

/** Returns the room's input for a document. Members that are not given stay absent. */
export function toAccountInput(document: Readonly<Record<string, unknown>>): Partial<AccountInput> {
  const members = { email: document.email, emailVerified: document.email_verified, name: document.name }
  const given = Object.entries(members).filter(([, value]) => value !== undefined)
  const claimed = Object.entries(document).filter(([member]) => !OWN_MEMBERS.includes(member))
  return {
    ...Object.fromEntries(given),
    ...(claimed.length === 0 ? {} : { claims: Object.fromEntries(claimed) }),
  }
}
