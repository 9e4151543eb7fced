/** Metadata members for clients that ask a person without a browser (CIBA). */
import { GRANT } from '../profiles.ts'
import { isFetchedAddress } from './keys.ts'
import { type Draft, type Member, oneOf, refuse } from './member.ts'
import { FLAG, STRING, URI } from './values.ts'

const MODE = 'backchannel_token_delivery_mode'
const ADDRESS = 'backchannel_client_notification_endpoint'
const ALG = 'backchannel_authentication_request_signing_alg'
const USER_CODE = 'backchannel_user_code_parameter'

/** The rows of backchannel authentication (CIBA Core 1.0 §4). */
export const BACKCHANNEL: readonly Member[] = [
  {
    name: MODE,
    meaning:
      'How it learns that a person has answered: it asks the token endpoint (`poll`, also when absent), or gets a notification first (`ping`).',
    schema: { type: 'string', enum: ['poll', 'ping'] },
    dependsOn: ['grant_types'],
    settle: settleMode,
  },
  {
    name: ADDRESS,
    meaning: 'Where the server sends the notification of `ping`.',
    schema: URI,
    dependsOn: ['grant_types', MODE],
    settle: settleAddress,
  },
  {
    name: ALG,
    meaning:
      'The one algorithm of its signed authentication requests, which it then has to sign; any that the profile admits when absent.',
    schema: STRING,
    dependsOn: ['grant_types'],
    settle: settleAlg,
  },
  {
    name: USER_CODE,
    meaning:
      'Whether it sends with each authentication request the code that the person has told it (`user_code`). People set theirs at `/account/requests`.',
    ...FLAG,
    default: false,
    dependsOn: ['grant_types'],
    settle(draft) {
      if (draft.values.get(USER_CODE) === true) refusedWithoutGrant(draft, USER_CODE)
    },
  },
]

function settleMode(draft: Draft): void {
  const { values, faults } = draft
  if (refusedWithoutGrant(draft, MODE)) return
  const given = values.get(MODE) ?? 'poll'
  if (given === 'push') {
    faults.push({
      field: MODE,
      given,
      expected: 'poll or ping; push is not offered, because its tokens would not come from the token endpoint',
    })
  } else values.set(MODE, oneOf(draft, MODE, ['poll', 'ping'], 'poll'))
}

function settleAddress(draft: Draft): void {
  const { values, faults, options } = draft
  if (refusedWithoutGrant(draft, ADDRESS)) return
  const address = values.get(ADDRESS)
  if (values.get(MODE) !== 'ping') {
    if (address !== undefined) refuse(draft, ADDRESS, `nothing here: only a client with ${MODE} ping is notified`)
  } else if (address === undefined) {
    faults.push({ field: ADDRESS, given: null, expected: 'an https URL that the server can reach, for ping' })
  } else if (!isFetchedAddress(address, options)) {
    refuse(draft, ADDRESS, 'an https URL that the server can reach, without fragment')
  }
}

function settleAlg(draft: Draft): void {
  const { rules, values } = draft
  if (refusedWithoutGrant(draft, ALG) || !values.has(ALG)) return
  if (values.get('jwks') !== undefined || values.get('jwks_uri') !== undefined) {
    oneOf(draft, ALG, rules.assertionAlgs, undefined)
  } else refuse(draft, ALG, 'the public keys that the client signs with beside it: jwks or jwks_uri')
}

/** Returns whether the client has no CIBA; pushes a fault for a member that it has all the same. */
function refusedWithoutGrant(draft: Draft, field: string): boolean {
  const { values } = draft
  if ((values.get('grant_types') as string[]).includes(GRANT.ciba)) return false
  if (values.get(field) !== undefined)
    refuse(draft, field, `nothing here: only a client with the grant ${GRANT.ciba} has it`)
  return true
}
