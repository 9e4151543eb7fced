/** Routes `/accounts`: the accounts of people. */
import type { Account, AccountInput, Accounts } from '#accounts/account.ts'
import { emailOf } from '#accounts/email.ts'
import { AccountNotFound } from '#accounts/errors.ts'
import { validateAccount } from '#accounts/validation.ts'
import type { Clients } from '#clients/client.ts'
import { ClientNotFound } from '#clients/errors.ts'
import type { Subjects } from '#clients/subjects.ts'
import type { Fault } from '#shared/app-error.ts'
import { shown } from '#shared/shown.ts'
import type { Passwords } from '#sign-in/password/password.ts'
import { insufficientScope } from '../errors.ts'
import { roomFaults } from '../faults.ts'
import { pageOf } from '../paging.ts'
import { readOnlyFaults } from '../read-only.ts'
import { type Reply, route, type Route } from '../route.ts'
import {
  ACCOUNT_READ_ONLY,
  accountChange,
  accountDocument,
  accountPage,
  accountQuery,
  newAccount,
  toAccountDocument,
  toAccountInput,
} from './schema.ts'

export interface AccountRoutesDeps {
  readonly accounts: Accounts
  readonly clients: Pick<Clients, 'read'>
  readonly subjects: Pick<Subjects, 'accountOf'>
  readonly passwords: Pick<Passwords, 'check' | 'prepare'>
}

type Document = Readonly<Record<string, unknown>>

const tag = 'Accounts'
/** Changing an address allows taking over the account by a password reset, so it needs a scope of its own. */
const EMAIL_SCOPE = 'accounts:email:write'
const path = '/accounts/{sub}'
const one = { status: 200, description: 'The account.', schema: accountDocument, versioned: true } as const
const reply = (account: Account): Reply => ({ body: toAccountDocument(account), version: account.version })

export function accountRoutes(deps: AccountRoutesDeps): Route[] {
  return [
    listAccounts(deps),
    createAccount(deps),
    readAccount(deps),
    updateAccount(deps),
    deleteAccount(deps),
    changeStatus(deps, 'enable'),
    changeStatus(deps, 'disable'),
  ]
}

function listAccounts(deps: AccountRoutesDeps): Route {
  return route({
    method: 'GET',
    path: '/accounts',
    operationId: 'listAccounts',
    tag,
    summary: 'List accounts',
    scope: 'accounts:read',
    query: accountQuery,
    answer: { status: 200, description: 'A page of accounts.', schema: accountPage },
    refusals: [404],
    async handle({ query }) {
      const { email, subject, client_id: clientId } = query
      if (subject !== undefined && clientId !== undefined) return pageOfOne(await bySubject(deps, subject, clientId))
      if (email !== undefined) return pageOfOne(await deps.accounts.findByIdentifier(email))
      const { items, nextCursor } = await deps.accounts.list(pageOf(query))
      return { body: { items: items.map(toAccountDocument), next_cursor: nextCursor } }
    },
  })
}

function pageOfOne(account: Account | undefined): Reply {
  return { body: { items: account ? [toAccountDocument(account)] : [], next_cursor: null } }
}

/** Returns the account that a client knows by a subject. Throws ClientNotFound 404. */
async function bySubject(
  { accounts, clients, subjects }: AccountRoutesDeps,
  subject: string,
  clientId: string,
): Promise<Account | undefined> {
  const client = await clients.read(clientId)
  if (!client) throw new ClientNotFound(clientId)
  const id = subjects.accountOf(subject, client)
  return id === undefined ? undefined : accounts.read(id)
}

function createAccount({ accounts, passwords }: AccountRoutesDeps): Route {
  return route({
    method: 'POST',
    path: '/accounts',
    operationId: 'createAccount',
    tag,
    summary: 'Create an account',
    scope: 'accounts:write',
    body: newAccount,
    check: async (document) => [
      ...(await roomFaults(() => validateAccount(toAccountInput(document)))),
      ...(await firstPasswordFaults(document, passwords)),
      ...ACCOUNT_READ_ONLY.filter((member) => document[member] !== undefined).map((field) => ({
        field,
        given: shown(document[field]),
        expected: 'nothing: the server chooses it',
      })),
    ],
    answer: { status: 201, description: 'The account.', schema: accountDocument, versioned: true },
    refusals: [409],
    async handle({ body, by }) {
      // Hash before the transaction, which would otherwise hold a connection for that time.
      const store =
        body.password === undefined
          ? undefined
          : await passwords.prepare(body.password, {
              mustChange: body.must_change_password ?? false,
              owner: ownerOf(body),
            })
      const input = toAccountInput(body) as AccountInput
      const account = await accounts.create(input, by, store && ((trx, created) => store(trx, created.id)))
      return { ...reply(account), location: `/accounts/${encodeURIComponent(account.id)}` }
    },
  })
}

function readAccount({ accounts }: AccountRoutesDeps): Route {
  return route({
    method: 'GET',
    path,
    operationId: 'readAccount',
    tag,
    summary: 'Read an account',
    scope: 'accounts:read',
    answer: one,
    refusals: [404],
    async handle({ params }) {
      const account = await accounts.read(params.sub as string)
      if (!account) throw new AccountNotFound(params.sub as string)
      return reply(account)
    },
  })
}

function updateAccount({ accounts }: AccountRoutesDeps): Route {
  return route({
    method: 'PATCH',
    path,
    operationId: 'updateAccount',
    tag,
    summary: `Change an account; changing \`email\` also needs the scope ${EMAIL_SCOPE}`,
    scope: 'accounts:write',
    body: accountChange,
    async check(document, params) {
      const current = await accounts.read(params.sub as string)
      if (!current) return []
      return [
        ...laterPasswordFaults(document),
        ...readOnlyFaults(document, toAccountDocument(current), ACCOUNT_READ_ONLY),
        ...(await roomFaults(() => validateAccount(toAccountInput(document), current))),
      ]
    },
    conditional: true,
    answer: one,
    refusals: [404, 409],
    async handle({ params, body, expectedVersion, by, caller }) {
      const accountId = params.sub as string
      const { email, ...input } = toAccountInput(body)
      // an unchanged address is dropped, so that this request cannot revert a concurrent change of the address
      const isSame = email !== undefined && emailOf(email) === (await accounts.read(accountId))?.email
      if (email === undefined || isSame) return reply(await accounts.update(accountId, input, expectedVersion, by))
      if (!caller.scopes.includes(EMAIL_SCOPE)) {
        throw insufficientScope(EMAIL_SCOPE, `To change an e-mail address, the token needs the scope ${EMAIL_SCOPE}.`)
      }
      return reply(await accounts.update(accountId, { ...input, email }, expectedVersion, by))
    },
  })
}

function deleteAccount({ accounts }: AccountRoutesDeps): Route {
  return route({
    method: 'DELETE',
    path,
    operationId: 'deleteAccount',
    tag,
    summary: 'Delete an account',
    scope: 'accounts:write',
    conditional: true,
    answer: { status: 204, description: 'It is gone.' },
    refusals: [404],
    async handle({ params, expectedVersion, by }) {
      await accounts.remove(params.sub as string, expectedVersion, by)
      return {}
    },
  })
}

function changeStatus({ accounts }: AccountRoutesDeps, verb: 'enable' | 'disable'): Route {
  return route({
    method: 'POST',
    path: `${path}/${verb}`,
    operationId: `${verb}Account`,
    tag,
    summary: verb === 'enable' ? 'Enable an account' : 'Disable an account: it signs in nowhere',
    scope: 'accounts:write',
    conditional: true,
    answer: one,
    refusals: [404],
    handle: async ({ params, expectedVersion, by }) =>
      reply(await accounts.setStatus(params.sub as string, `${verb}d`, expectedVersion, by)),
  })
}

function ownerOf({ email, name }: Document): { email?: string; name?: string } {
  return {
    ...(typeof email === 'string' ? { email } : {}),
    ...(typeof name === 'string' ? { name } : {}),
  }
}

async function firstPasswordFaults(document: Document, passwords: Pick<Passwords, 'check'>): Promise<readonly Fault[]> {
  const { password } = document
  if (typeof password === 'string') return roomFaults(() => passwords.check(password, ownerOf(document)))
  if (password !== undefined || document.must_change_password !== true) return []
  return [{ field: 'must_change_password', given: true, expected: 'a password beside it, or nothing' }]
}

/**
 * Returns faults for password members. The API cannot set the password of an existing account; it can only start a
 * reset.
 */
function laterPasswordFaults(document: Document): readonly Fault[] {
  return ['password', 'must_change_password']
    .filter((field) => document[field] !== undefined)
    .map((field) => ({
      field,
      given: '(not shown)',
      expected: 'nothing: the password of an account that exists is set by its owner alone',
    }))
}
