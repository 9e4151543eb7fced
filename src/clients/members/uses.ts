/** What a client does, for members that have a meaning only then: each returns what is wrong, or undefined. */
import { isPublic } from '../auth-methods.ts'
import type { Draft, Member } from './member.ts'

export type UseFault = (draft: Draft) => string | undefined

export const noIdTokens: UseFault = ({ profile, rules }) =>
  rules.openidScopes.length > 0 ? undefined : `nothing here: a ${profile} client gets no ID tokens`

export const noRequests: UseFault = ({ profile, values }) =>
  (values.get('response_types') as string[]).length > 0
    ? undefined
    : `nothing here: a ${profile} client sends no authorization requests`

export const noIntrospection: UseFault = ({ values }) =>
  isPublic({ token_endpoint_auth_method: values.get('token_endpoint_auth_method') })
    ? 'nothing here: only a client that authenticates may introspect'
    : undefined

/** The choices of the algorithm that an answer is signed with. They have a meaning for clients that get such answers. */
export function signingAlgs(answer: string, faultOf: UseFault): Required<Pick<Member, 'choices'>> {
  return {
    choices: {
      name: `${answer}_signing_alg_values_supported`,
      supported: (draft) => (faultOf(draft) === undefined ? draft.rules.idTokenAlgs : undefined),
    },
  }
}
