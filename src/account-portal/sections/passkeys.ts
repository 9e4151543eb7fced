/** `/account/passkeys`: lists, adds, renames and removes passkeys, with the parts of the passkey method. */
import { html } from '#pages/design/html.ts'
import { section } from '#pages/design/work-components.ts'
import type { PasskeyChange } from '#sign-in/passkey/account-forms.ts'
import { answerPasskeyForm } from '#sign-in/passkey/account-forms.ts'
import { PASSKEY } from '#sign-in/passkey/method.ts'
import { passkeyAddition, passkeyList } from '#sign-in/passkey/parts.ts'
import type { Passkeys } from '#sign-in/passkey/passkey.ts'
import type { AssertNotLastCredential } from '#sign-in/last-credential.ts'
import type { Layout } from '../layout.ts'
import type { Notices } from '../notices.ts'
import { type Done, TEXTS } from '../texts/texts.ts'
import type { Section, ShownAgain, Visit } from '../visit.ts'

export interface PasskeysDeps {
  readonly layout: Layout
  readonly passkeys: Pick<Passkeys, 'list' | 'registrationOptions' | 'register' | 'rename' | 'remove'>
  readonly notices: Notices
  readonly assertNotLastCredential: AssertNotLastCredential
}

const DONE: Readonly<Record<PasskeyChange, Done>> = {
  added: 'passkeyAdded',
  renamed: 'passkeyRenamed',
  removed: 'passkeyRemoved',
}

export function createPasskeysSection(deps: PasskeysDeps): Section & {
  /** Returns new options as JSON, for a page left open. */ options(visit: Visit): Promise<void>
} {
  const { layout, passkeys, notices, assertNotLastCredential } = deps
  // binds a challenge to one session: a response from another browser is not accepted
  const bindingOf = ({ session }: Visit) => `account ${session.uid}`

  return {
    name: 'passkeys',
    isGuarded: () => true,
    show: (visit, again) => show(deps, bindingOf(visit), visit, again),

    async answer(visit, form) {
      const { account, by } = visit
      const names = new Map((await passkeys.list(account.id)).map(({ id, name }) => [id, name]))
      const change = await answerPasskeyForm(passkeys, form, {
        account,
        binding: bindingOf(visit),
        by,
        within: (what) => async (trx) => {
          if (what === 'removed') await assertNotLastCredential(trx, account.id)
          const name = what === 'added' ? form.one('name') : names.get(form.one('id') ?? '')
          await notices.factorChanged(trx, visit, what === 'added' ? 'passkey_added' : 'passkey_removed', name)
        },
      })
      // creating a passkey requires user verification, so it is a proof too
      if (change === 'added') await visit.proved(PASSKEY.name)
      if (change !== undefined) return DONE[change]
      layout.paths.lead(visit.ctx, layout.paths.section('passkeys'))
      return undefined
    },

    async options(visit) {
      const { ctx, account, isFresh } = visit
      ctx.set('Cache-Control', 'no-store')
      if (isFresh) ctx.body = await passkeys.registrationOptions(account, bindingOf(visit))
      else ctx.status = 403
    },
  }
}

async function show(deps: PasskeysDeps, binding: string, visit: Visit, again?: ShownAgain): Promise<void> {
  const { layout, passkeys } = deps
  const { account, csrf, isFresh, language } = visit
  const texts = TEXTS[language].passkeys
  const sent = { language, action: layout.paths.section('passkeys'), csrfField: csrf }
  const list = await passkeys.list(account.id)
  const yours = section({
    id: 'yours',
    heading: texts.yours,
    lead: texts.lead,
    content: passkeyList({ ...sent, passkeys: list }),
  })
  if (!isFresh) {
    const content = html`${layout.confirm(visit, 'passkeys')}${yours}`
    return layout.send(visit, { name: 'passkeys', again, content })
  }
  const options = await passkeys.registrationOptions(account, binding)
  const addition = passkeyAddition({ ...sent, options, renewPath: layout.paths.passkeyOptions })
  const add = section({ id: 'add', heading: texts.add, lead: texts.addLead, content: addition.content })
  await layout.send(visit, { name: 'passkeys', again, content: html`${yours}${add}`, policy: addition.policy })
}
