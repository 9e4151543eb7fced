/** Metadata members for how a client learns that a session has ended. */
import { isFetchedAddress } from './keys.ts'
import { type Draft, type Member, refuse } from './member.ts'
import { FLAG, isWebAddress, URI } from './values.ts'

const BACK = 'backchannel_logout_uri'
const FRONT = 'frontchannel_logout_uri'

/** The rows of logout (OpenID Connect Back-Channel Logout §2.2, Front-Channel Logout §2). */
export const LOGOUT: readonly Member[] = [
  {
    name: BACK,
    meaning: 'Where the server sends a logout token when a session of the client ends.',
    schema: URI,
    keptAcrossProfiles: true,
    settle: settleBackChannel,
  },
  sessionRequired('backchannel_logout_session_required', BACK, 'its logout tokens and ID tokens carry `sid`'),
  {
    name: FRONT,
    meaning:
      'A page of the client that signs its user out; the browser loads it in a frame at sign-out. With the origin of a redirect URI.',
    schema: URI,
    keptAcrossProfiles: true,
    settle: settleFrontChannel,
  },
  sessionRequired(
    'frontchannel_logout_session_required',
    FRONT,
    'that page gets `iss` and `sid`, and its ID tokens carry `sid`',
  ),
]

function settleBackChannel(draft: Draft): void {
  const uri = draft.values.get(BACK)
  if (uri === undefined || refusedWithoutIdTokens(draft, BACK)) return
  if (!isFetchedAddress(uri, draft.options))
    refuse(draft, BACK, 'an https URL that the server can reach, without fragment')
}

function settleFrontChannel(draft: Draft): void {
  const uri = draft.values.get(FRONT)
  if (uri === undefined || refusedWithoutIdTokens(draft, FRONT)) return
  if (!isFrameAddress(uri)) {
    refuse(draft, FRONT, 'an https URL, or http on localhost or 127.0.0.0/8, without fragment')
    return
  }
  // Front-Channel Logout §2: "The domain, port, and scheme of this URL MUST be the same as that of a registered
  // Redirection URI value."
  const origins = (draft.values.get('redirect_uris') as string[]).map((address) => URL.parse(address)?.origin)
  if (!origins.includes(new URL(uri).origin)) {
    refuse(draft, FRONT, 'a URL with the scheme, host and port of one of redirect_uris')
  }
}

/** Pushes a fault for a client whose profile gets no ID tokens: nobody signs in to it. */
function refusedWithoutIdTokens(draft: Draft, field: string): boolean {
  if (draft.rules.openidScopes.length > 0) return false
  refuse(draft, field, `nothing here: nobody signs in to a ${draft.profile} client`)
  return true
}

/** Whether a policy can name the origin of the URL: no source of CSP Level 3 §2.3.1 matches an IPv6 address. */
function isFrameAddress(value: unknown): value is string {
  return isWebAddress(value) && !value.includes('#') && !new URL(value).hostname.startsWith('[')
}

function sessionRequired(name: string, uri: string, effect: string): Member {
  return {
    name,
    meaning: `Whether ${effect}.`,
    ...FLAG,
    default: false,
    keptAcrossProfiles: true,
    settle(draft) {
      const isAlone = draft.values.get(name) === true && draft.values.get(uri) === undefined
      if (isAlone) refuse(draft, name, `false, or true together with ${uri}`)
    },
  }
}
