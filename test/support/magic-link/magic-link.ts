/** A sign-in method of the tests: a link by mail, which signs in whoever opens it in the browser that asked. */
import { randomUUID } from 'node:crypto'
import type { Accounts } from '#accounts/account.ts'
import { button, field, form, hidden } from '#pages/design/components.ts'
import { html } from '#pages/design/html.ts'
import type { MethodPage, SignInMethod, StepVisit } from '#sign-in/sign-in-method.ts'

const STEP = 'magic-link'

/** `sent`: the tokens that were mailed, by address. */
export function magicLink({
  accounts,
  sent,
}: {
  accounts: Pick<Accounts, 'findByIdentifier'>
  sent: Map<string, string>
}): SignInMethod {
  const asked = new Map<string, { readonly email: string; readonly binding: string }>()

  const page = ({ csrfField, pathOf }: StepVisit, token: string | null): MethodPage => {
    const content =
      token === null
        ? html`${field({ name: 'email', label: 'E-mail address', type: 'text', autocomplete: 'username' })}`
        : hidden('token', token)
    const fields = html`${hidden(csrfField.name, csrfField.value)}${content}${button({ label: 'Continue', kind: 'primary' })}`
    return {
      title: 'Sign in by mail',
      content: html`<h1>Sign in by mail</h1>
        ${form(pathOf(STEP), fields)}`,
    }
  }

  return {
    name: 'magic-link',
    kinds: ['knowledge'],
    phishingResistant: false,
    amr: { always: ['otp'] },
    first: true,
    attemptCounter: 'magic-link',
    offers: ({ pathOf }) => [{ content: html`<a href="${pathOf(STEP)}">Sign in by mail</a>` }],
    steps: [
      {
        path: STEP,
        show: async (visit) => page(visit, visit.query.get('token')),
        async answer(visit, sentForm) {
          const token = sentForm.one('token')
          if (token === undefined) {
            const email = sentForm.one('email') ?? ''
            const made = randomUUID()
            asked.set(made, { email, binding: visit.binding })
            sent.set(email, made)
            return { page: { title: 'Check your mail', content: html`<h1>Check your mail</h1>` } }
          }
          const email = asked.get(token)?.email
          async function judge() {
            const request = asked.get(token ?? '')
            if (request?.binding !== visit.binding) return { account: undefined, refusal: 'not a link of this sign-in' }
            asked.delete(token ?? '')
            const account = await accounts.findByIdentifier(request.email)
            return { account, refusal: account?.status === 'enabled' ? undefined : 'no account has this address' }
          }
          return { attempt: { who: email, judge, refused: page(visit, token) } }
        },
      },
    ],
  }
}
