/** R: what the standards demand, and the tests that hold it. */
import type { Row } from './row.ts'

export const REQUIREMENTS: readonly Row[] = [
  {
    id: 'R1',
    feature: 'core',
    title: 'The redirect address of a request is one that was registered, to the character (RFC 9700 §2.1).',
    tests: {
      'test/hazards/bad-input-redirect-uri.test.ts': [
        'a redirect URI that was not registered is refused on a page, without a redirect › %#: %j',
        'a redirect URI that was not registered is refused on a page, without a redirect › not even an error, nor with prompt=none or another response mode',
        'a redirect URI that was not registered is refused on a page, without a redirect › when it is left out, though only one or several are registered',
        'a redirect URI that was not registered is refused on a page, without a redirect › when it is sent twice, even if both are right',
      ],
    },
  },
  {
    id: 'R2',
    feature: 'core',
    title:
      'PKCE with S256 is demanded of every client that was not registered to do without, and a challenge that was sent counts for each (RFC 9700 §2.1.1).',
    tests: {
      'test/hazards/bad-input-authorization.test.ts': [
        'PKCE › is required: without a challenge the app gets invalid_request',
        'PKCE › is S256: %s is refused',
        'PKCE › is advertised as S256 alone',
      ],
      'test/hazards/downgrade.test.ts': ['V14: a client that may go without a challenge is held to the one it sent'],
    },
  },
  {
    id: 'R3',
    feature: 'core',
    title: 'A verifier is no use where no challenge was sent (RFC 9700 §4.8.2).',
    tests: {
      'test/hazards/bad-input-authorization.test.ts': [
        'PKCE › cannot be left out at the token request, nor brought in there',
      ],
    },
  },
  {
    id: 'R4',
    feature: 'core',
    title: 'No token comes from the authorization endpoint (RFC 9700 §2.1.2).',
    tests: {
      'test/hazards/bad-input-authorization.test.ts': [
        'other bad requests go back to the app with error, state and iss › response_type=%s is not supported',
      ],
      'test/flows/response-modes.test.ts': ['implicit and hybrid response types are refused'],
    },
  },
  {
    id: 'R5',
    feature: 'DPoP',
    title: 'A token that is bound to a key is issued and used with a proof of that key alone (RFC 9700 §2.2.1).',
    tests: {
      'test/hazards/requirements-fapi2-keys.test.ts': [
        'R5: without a proof there is no token, and a refusal leaves the code good',
        'R5: a proof is for one request, at one address, by one method, of now, and used once',
        'R5: a proof of a clock that is ahead is remembered for as long as it can be accepted',
        'R5, R35: a bound token is no bearer token, and needs its own key at userinfo too',
      ],
      'test/resource-server/dpop.test.ts': [
        'a bound token › is no bearer token',
        'a proof › is refused when it %s',
        'a proof is accepted › once, whatever else the request is',
      ],
    },
  },
  {
    id: 'R6',
    feature: 'core',
    title:
      'A refresh token of a public client rotates or is bound to a key, keeps to what was granted, and ends by idle time, age and reuse (RFC 9700 §2.2.2).',
    tests: {
      'test/flows/authorization-code.test.ts': [
        'refresh tokens › rotate for a public client, and a repeat within the grace window gets the same successor',
        'refresh tokens › stay usable after a refresh that was refused for its resource or scope',
      ],
      'test/oidc/refresh.test.ts': [
        'a repeat within the window › is over when the window is, and the window is counted from the first use',
        'by the clock of the database › a token that was idle for too long is refused, and another one of its grant is not',
        'by the clock of the database › a family of %i days gets %i more',
      ],
    },
  },
  {
    id: 'R7',
    feature: 'core',
    title: 'An access token is for one API, and another one refuses it (RFC 9700 §2.3).',
    tests: {
      'test/hazards/requirements-rfc9068.test.ts': [
        'R7, R66: an API takes the token that is for it, and refuses what is for another API or for the app',
      ],
      'test/resource-server/access-tokens.test.ts': ['an invalid token › %s'],
    },
  },
  {
    id: 'R8',
    feature: 'core',
    title: 'There is no password grant (RFC 9700 §2.4).',
    tests: {
      'test/hazards/bad-input-token.test.ts': ['parameters › %s is refused'],
    },
  },
  {
    id: 'R9',
    feature: 'core',
    title: 'Clients may sign assertions; of secrets only digests are kept (RFC 9700 §2.5).',
    tests: {
      'test/flows/client-credentials.test.ts': ['gives a machine an RFC 9068 access token for its resource'],
      'test/admin/clients.test.ts': ['tells the secret of a client once, and keeps its digest alone'],
      'test/clients/clients.test.ts': ['creating › gives a secret of 256 bits once and stores its digest only'],
    },
  },
  {
    id: 'R10',
    feature: 'core',
    title:
      'Metadata is published; plain http is for loopback; browsers of other origins read metadata, keys and, where registered, tokens, and never the authorization endpoint (RFC 9700 §2.6).',
    tests: {
      'test/hazards/requirements-rfc9700.test.ts': [
        'R10: what a browser is sent to or sends forms to answers no page of another origin',
        'R10: metadata and keys are for everybody',
        'R10: plain http leads to loopback alone, in every profile',
      ],
      'test/flows/scopes-and-resources.test.ts': [
        'a native app may use any loopback address, and a browser app may call from the origins of its redirect URIs',
      ],
      'test/clients/redirect-uris.test.ts': ['every profile › takes %s', 'every profile › refuses %j'],
    },
  },
  {
    id: 'R11',
    feature: 'core',
    title: 'Pages tell no other site where they were, and load nothing of others (RFC 9700 §4.2).',
    tests: {
      'test/hazards/requirements-rfc9700.test.ts': [
        'R11, R19: no page can be framed, tells where it was, runs script or loads anything of others',
      ],
    },
  },
  {
    id: 'R12',
    feature: 'core',
    title: 'An authorization response says which issuer answers, an error too (RFC 9700 §4.4, RFC 9207).',
    tests: {
      'test/hazards/requirements-rfc9700.test.ts': [
        'R12: the answer to an authorization request says who answers, by whatever way and whatever it is',
      ],
      'test/hazards/bad-input-authorization.test.ts': [
        'other bad requests go back to the app with error, state and iss › %s',
      ],
    },
  },
  {
    id: 'R13',
    feature: 'core',
    title:
      'A code is for one client, one redirect address and one challenge, and its nonce comes back (RFC 9700 §4.5.3).',
    tests: {
      'test/hazards/bad-input-token.test.ts': [
        'codes › of another client, for another place or of nobody are refused, and stay good for their own',
      ],
      'test/flows/authorization-code.test.ts': [
        'codes › stay usable after an attempt with a wrong verifier',
        'signing in › gives an ID token with RS256 and an opaque access token for userinfo',
      ],
    },
  },
  {
    id: 'R14',
    feature: 'core',
    title: 'A form counts only in the browser that its page was made for (RFC 9700 §4.7).',
    tests: {
      'test/interactions/refusals.test.ts': [
        'a form that no page of ours made › and %s signs nobody in: 403, the page again, an event',
        'a form that no page of ours made › allows nothing on the consent page',
      ],
      'test/hazards/pages.test.ts': [
        'V40: a confirmation without the secret of the page, or with another one, signs nobody out',
      ],
    },
  },
  {
    id: 'R15',
    feature: 'core',
    title: 'Nobody is sent on to a place that was not registered (RFC 9700 §4.11).',
    tests: {
      'test/hazards/requirements-rfc9700.test.ts': [
        'R15: signing out leads to a registered place, or to none',
        'R15: no parameter names a place to go on to',
      ],
    },
  },
  {
    id: 'R16',
    feature: 'core',
    title: 'A redirect after a form is 303, and none is 307 (RFC 9700 §4.12).',
    tests: {
      'test/hazards/requirements-rfc9700.test.ts': [
        'R16: a redirect on the way of a password or a decision is 303 each time, and a form is never sent on',
      ],
      'test/http/method-rules.test.ts': [
        'a form POST where a GET is meant › at %s is answered by 303 to the same request as GET',
      ],
    },
  },
  {
    id: 'R17',
    feature: 'core',
    title: 'Forwarding headers count from trusted proxies only (RFC 9700 §4.13).',
    tests: {
      'test/hazards/requirements-rfc9700.test.ts': [
        'R17: a caller that is no trusted proxy has the address of its connection, and no certificate',
      ],
      'test/http/origin.test.ts': [
        'is the socket’s when nobody is trusted, whatever the headers say',
        'from a trusted proxy that sends "%s" is %s',
      ],
    },
  },
  {
    id: 'R18',
    feature: 'core',
    title: 'A client cannot pass for a person (RFC 9700 §4.15).',
    tests: {
      'test/hazards/requirements-rfc9700.test.ts': [
        'R18: no client can have the name of a person, and a machine gets no token in it',
      ],
      'test/clients/clients.test.ts': ['creating › refuses the chosen id %j'],
    },
  },
  {
    id: 'R19',
    feature: 'core',
    title: 'No page is shown in the frame of another (RFC 9700 §4.16).',
    tests: {
      'test/hazards/requirements-rfc9700.test.ts': [
        'R11, R19: no page can be framed, tells where it was, runs script or loads anything of others',
      ],
      'test/http/security-headers.test.ts': ['security headers › are on every answer, refusals included'],
    },
  },
  {
    id: 'R20',
    feature: 'core',
    title: 'No response is posted to another window (RFC 9700 §4.17).',
    tests: {
      'test/hazards/requirements-rfc9700.test.ts': [
        'R20: answers are not posted to other windows: the web_message mode is not there',
      ],
    },
  },
  {
    id: 'R21',
    feature: 'core',
    title: 'A code lives a minute, counts once, and its reuse ends what it gave (RFC 9700 §2.1, RFC 6749 §4.1.2).',
    tests: {
      'test/hazards/bad-input-token.test.ts': ['codes › live a minute at most; an expired one is refused'],
      'test/flows/authorization-code.test.ts': ['codes › are spent once: a later repeat is refused and ends the grant'],
      'test/hazards/once.test.ts': [
        'V5: a code redeemed ten times at once over two nodes gives one set of tokens, which stays good',
      ],
    },
  },
  {
    id: 'R22',
    feature: 'core',
    title: 'PKCE is part of every code flow (OAuth 2.1 §4.1).',
    tests: {
      'test/hazards/bad-input-authorization.test.ts': [
        'PKCE › is required: without a challenge the app gets invalid_request',
      ],
      'test/hazards/downgrade.test.ts': ['V14: a %s client cannot be registered to go without'],
    },
  },
  {
    id: 'R23',
    feature: 'core',
    title: 'Redirect addresses are compared as texts; a native app on loopback may choose its port (OAuth 2.1 §2.3.1).',
    tests: {
      'test/hazards/bad-input-redirect-uri.test.ts': [
        'a redirect URI that was not registered is refused on a page, without a redirect › %#: %j',
        'a redirect URI that was not registered is refused on a page, without a redirect › not even an error, nor with prompt=none or another response mode',
        'a redirect URI that was not registered is refused on a page, without a redirect › when it is left out, though only one or several are registered',
        'a redirect URI that was not registered is refused on a page, without a redirect › when it is sent twice, even if both are right',
      ],
      'test/flows/scopes-and-resources.test.ts': [
        'a native app may come back on any port of its loopback address, a web app may not',
      ],
    },
  },
  {
    id: 'R24',
    feature: 'core',
    title: 'There are neither an implicit nor a password grant, and none can be registered (OAuth 2.1 §10).',
    tests: {
      'test/hazards/bad-input-authorization.test.ts': [
        'other bad requests go back to the app with error, state and iss › response_type=%s is not supported',
      ],
      'test/flows/response-modes.test.ts': ['implicit and hybrid response types are refused'],
      'test/hazards/bad-input-token.test.ts': ['parameters › %s is refused'],
      'test/clients/authentication.test.ts': ['grants and redirects › no response type but code: %j'],
    },
  },
  {
    id: 'R25',
    feature: 'core',
    title: 'A token in a URL is refused (OAuth 2.1 §5.1).',
    tests: {
      'test/hazards/requirements-oauth21.test.ts': [
        'R25: a token is read from the Authorization header or a form, one way at a time, never from a URL',
      ],
      'test/admin/guard.test.ts': ['refuses a token in the query even beside a valid one'],
    },
  },
  {
    id: 'R26',
    feature: 'core',
    title: 'Refresh tokens of public clients rotate, or are bound to a key (OAuth 2.1 §4.3.1).',
    tests: {
      'test/flows/authorization-code.test.ts': [
        'refresh tokens › rotate for a public client, and a repeat within the grace window gets the same successor',
      ],
      'test/hazards/requirements-oauth21.test.ts': [
        'R26: a browser app that binds its tokens to a key keeps its refresh token, worth nothing without the key',
      ],
    },
  },
  {
    id: 'R27',
    feature: 'core',
    title: 'A client assertion is made out to the issuer alone (RFC 10070).',
    tests: {
      'test/hazards/client-assertion.test.ts': [
        'the audience › may be %s',
        'the audience › may not be %s, and the client is told what it must be',
        'the audience › may be missing for nobody',
        'the audience › is never made from the Host of a request',
      ],
    },
  },
  {
    id: 'R28',
    feature: 'core',
    title: 'A parameter that is sent twice is refused (OAuth 2.1 §3.1).',
    tests: {
      'test/hazards/requirements-oauth21.test.ts': [
        'R28: a parameter that is sent twice is refused at every endpoint that takes parameters',
      ],
      'test/hazards/bad-input-token.test.ts': ['parameters › repeated are invalid_request (RFC 6749 §3.1)'],
      'test/hazards/bad-input-authorization.test.ts': [
        'other bad requests go back to the app with error, state and iss › a repeated %s is invalid_request, and never a redirect elsewhere',
      ],
    },
  },
  {
    id: 'R29',
    feature: 'core',
    title: 'A parameter that nobody knows is ignored (OAuth 2.1 §3.1).',
    tests: {
      'test/hazards/requirements-oauth21.test.ts': ['R29: a parameter that nobody knows is ignored at every endpoint'],
      'test/hazards/bad-input-token.test.ts': [
        'parameters › unknown are ignored, and the token is what RFC 9068 wants',
      ],
    },
  },
  {
    id: 'R30',
    feature: 'core',
    title: 'A client uses only the grants that it was registered for (OAuth 2.1 §3.2.4).',
    tests: {
      'test/flows/client-credentials.test.ts': [
        'refuses a grant type that the client does not have with unauthorized_client',
      ],
    },
  },
  {
    id: 'R31',
    feature: 'core',
    title: 'Token requests are forms by POST (OAuth 2.1 §3.2).',
    tests: {
      'test/hazards/bad-input-http.test.ts': [
        'a request that is hardly HTTP › %s %s is 405 and says what it takes',
        'a malformed body › with %s is refused at every form endpoint',
      ],
    },
  },
  {
    id: 'R32',
    feature: 'DPoP',
    title: 'A client of the profile fapi2 is confidential (FAPI 2.0 Security Profile §5.3.2.1).',
    tests: {
      'test/hazards/requirements-fapi2.test.ts': [
        'R32, R33, R35, R36, R44, R47: a client that would be weaker is not registered',
      ],
    },
  },
  {
    id: 'R33',
    feature: 'DPoP',
    title: 'It authenticates by a key, never by a secret.',
    tests: {
      'test/hazards/requirements-fapi2.test.ts': [
        'R32, R33, R35, R36, R44, R47: a client that would be weaker is not registered',
      ],
    },
  },
  {
    id: 'R34',
    feature: 'DPoP',
    title: 'Its assertions name the issuer as their audience, as a string.',
    tests: {
      'test/hazards/requirements-fapi2.test.ts': ['R34: name the issuer as their audience, as a string'],
    },
  },
  {
    id: 'R35',
    feature: 'DPoP',
    title: 'Its tokens are bound to a key.',
    tests: {
      'test/flows/fapi2.test.ts': [
        'gets tokens bound to its DPoP key, refreshes with a proof only, and keeps its refresh token',
      ],
      'test/hazards/requirements-fapi2-keys.test.ts': [
        'R5, R35: a bound token is no bearer token, and needs its own key at userinfo too',
      ],
      'test/hazards/requirements-fapi2.test.ts': [
        'R32, R33, R35, R36, R44, R47: a client that would be weaker is not registered',
      ],
    },
  },
  {
    id: 'R36',
    feature: 'pushed requests',
    title: 'Its requests are pushed, by itself.',
    tests: {
      'test/hazards/requirements-fapi2.test.ts': [
        'R36: are taken from an authenticated client only, and the request is taken in no other way',
      ],
    },
  },
  {
    id: 'R37',
    feature: 'pushed requests',
    title: 'A pushed request names its redirect address.',
    tests: {
      'test/hazards/requirements-fapi2.test.ts': ['R37, R38: name their redirect URI and have an S256 challenge'],
    },
  },
  {
    id: 'R38',
    feature: 'pushed requests',
    title: 'A pushed request has an S256 challenge.',
    tests: {
      'test/hazards/requirements-fapi2.test.ts': ['R37, R38: name their redirect URI and have an S256 challenge'],
    },
  },
  {
    id: 'R39',
    feature: 'pushed requests',
    title: 'The answer says which issuer it is from.',
    tests: {
      'test/hazards/requirements-fapi2.test.ts': [
        'R39, R41: are answered with the issuer, and with a code of a minute although others may live longer',
      ],
    },
  },
  {
    id: 'R40',
    feature: 'pushed requests',
    title: 'A pushed request lives less than ten minutes, and is spent by its answer, not by a look at it.',
    tests: {
      'test/hazards/requirements-fapi2.test.ts': [
        'R40: are good for less than ten minutes, for one answer, and until then as often as a browser asks',
      ],
      'test/hazards/once.test.ts': [
        'V4: a pushed request gives one code, also with prompt=none, also when ten finish it at once',
      ],
    },
  },
  {
    id: 'R41',
    feature: 'core',
    title: 'Its codes live a minute at most.',
    tests: {
      'test/hazards/requirements-fapi2.test.ts': [
        'R39, R41: are answered with the issuer, and with a code of a minute although others may live longer',
      ],
    },
  },
  {
    id: 'R42',
    feature: 'DPoP',
    title: 'Its refresh tokens do not rotate.',
    tests: {
      'test/flows/fapi2.test.ts': [
        'gets tokens bound to its DPoP key, refreshes with a proof only, and keeps its refresh token',
      ],
    },
  },
  {
    id: 'R43',
    feature: 'DPoP',
    title: 'Its assertions may be some seconds early, and no minute.',
    tests: {
      'test/hazards/requirements-fapi2.test.ts': [
        'R43: may be a few seconds early, and neither a minute early nor long-lived',
      ],
    },
  },
  {
    id: 'R44',
    feature: 'DPoP',
    title: 'It signs by PS256, ES256 or EdDSA.',
    tests: {
      'test/hazards/requirements-fapi2.test.ts': [
        'R44: are signed by PS256, ES256 or EdDSA, though the key could do RS256',
        'R32, R33, R35, R36, R44, R47: a client that would be weaker is not registered',
      ],
      'test/clients/metadata.test.ts': ['profiles › fapi2: pushed requests, bound tokens and no RS256'],
    },
  },
  {
    id: 'R45',
    feature: 'DPoP',
    title: 'A code is bound to the key that its request named (RFC 9449 §10).',
    tests: {
      'test/hazards/requirements-fapi2-keys.test.ts': [
        'R45: a code is bound to the key of its request, however the request named it',
      ],
    },
  },
  {
    id: 'R46',
    feature: 'core',
    title: 'No redirect is 307.',
    tests: {
      'test/hazards/requirements-rfc9700.test.ts': [
        'R16: a redirect on the way of a password or a decision is 303 each time, and a form is never sent on',
      ],
    },
  },
  {
    id: 'R47',
    feature: 'core',
    title: 'RSA keys have 2048 bits, curves 256 (FAPI 2.0 Security Profile §5.4.1).',
    tests: {
      'test/hazards/requirements-fapi2.test.ts': [
        'R32, R33, R35, R36, R44, R47: a client that would be weaker is not registered',
      ],
      'test/clients/client-keys.test.ts': [
        'keys that are refused › RSA keys that are too short or have a weak exponent',
        'keys that are refused › curves and kinds that nobody signs with here',
      ],
    },
  },
  {
    id: 'R48',
    feature: 'core',
    title:
      'The algorithm of a signature is one registered for its client; unsigned and other ones are refused (RFC 8725 §3.1).',
    tests: {
      'test/hazards/requirements-rfc8725.test.ts': [
        'R48: is the one that was registered, although the key could do others',
      ],
      'test/hazards/requirements-rfc8725-uses.test.ts': [
        'R48: what is no request object is refused with a sentence wherever it comes, whoever signed it',
      ],
      'test/hazards/bad-input-jose.test.ts': [
        'a forged or malformed assertion tells its sender nothing › signed with another key, by another algorithm or not at all it looks like an unknown client',
      ],
    },
  },
  {
    id: 'R49',
    feature: 'core',
    title: 'Nothing is encrypted by RSA1_5 or with a shared key (RFC 8725 §3.2).',
    tests: {
      'test/hazards/requirements-rfc8725-uses.test.ts': [
        'R49: by RSA1_5 or with a shared key is offered nowhere and cannot be registered',
      ],
    },
  },
  {
    id: 'R50',
    feature: 'core',
    title: 'A signature of zeros, a short one and a key off its curve are refused (RFC 8725 §3.3, §3.4).',
    tests: {
      'test/hazards/bad-input-jose.test.ts': [
        'a forged or malformed assertion tells its sender nothing › signed with another key, by another algorithm or not at all it looks like an unknown client',
      ],
      'test/hazards/requirements-rfc8725.test.ts': [
        'R50: is only as good as the key: a point off its curve is never registered',
      ],
      'test/clients/client-keys.test.ts': ['keys that are refused › a point that is not on its curve'],
    },
  },
  {
    id: 'R51',
    feature: 'core',
    title: 'No signature is made with a shared secret (RFC 8725 §3.5).',
    tests: {
      'test/hazards/requirements-rfc8725.test.ts': [
        'R51: is none with a shared secret: none is advertised, none can be registered, and none is taken',
      ],
    },
  },
  {
    id: 'R52',
    feature: 'core',
    title: 'A compressed and encrypted JWT is refused (RFC 8725 §3.6).',
    tests: {
      'test/hazards/requirements-rfc8725-uses.test.ts': [
        'R52: is undone for nobody: a compressed and encrypted JWT is no assertion, hint or token',
      ],
    },
  },
  {
    id: 'R53',
    feature: 'core',
    title: 'The issuer and subject of an assertion are its client, to the letter (RFC 8725 §3.8).',
    tests: {
      'test/hazards/requirements-rfc8725.test.ts': ['R53: iss and sub are the client_id to the letter'],
    },
  },
  {
    id: 'R54',
    feature: 'core',
    title: 'A JWT for somebody else is refused (RFC 8725 §3.9).',
    tests: {
      'test/hazards/client-assertion.test.ts': ['the audience › may not be %s, and the client is told what it must be'],
      'test/resource-server/access-tokens.test.ts': ['an invalid token › %s'],
    },
  },
  {
    id: 'R55',
    feature: 'core',
    title: 'A header names no key to trust: no address, certificate, embedded key or strange key id (RFC 8725 §3.10).',
    tests: {
      'test/hazards/requirements-rfc8725.test.ts': [
        'R55: nothing in a header names a key: no address is fetched, no key taken from it, no file or row found',
        'R55: a key id is a text',
      ],
      'test/flows/introspection.test.ts': ['a token signed with a key of the caller is not taken for ours by its kid'],
    },
  },
  {
    id: 'R56',
    feature: 'core',
    title: 'A JWT says what kind it is, and another kind is refused (RFC 8725 §3.11).',
    tests: {
      'test/hazards/client-assertion.test.ts': [
        'identity › refuses %s',
        'identity › accepts the type client-authentication+jwt, and none',
      ],
      'test/resource-server/access-tokens.test.ts': ['an invalid token › %s'],
    },
  },
  {
    id: 'R57',
    feature: 'core',
    title: 'A JWT made for one use is refused for every other (RFC 8725 §3.12).',
    tests: {
      'test/flows/access-token-typ.test.ts': [
        'it is no client assertion',
        'a token with typ %s is no hint, even for a client with its audience',
      ],
      'test/resources/resources.test.ts': ['refuses the id of a client, whose ID tokens would have the same audience'],
      'test/hazards/requirements-rfc8725-uses.test.ts': [
        'R57: an ID token opens nothing, and an access token is no hint: each JWT is for one use',
      ],
      'test/flows/introspection.test.ts': ['introspection › takes no ID token for an access token'],
      'test/flows/backchannel-logout.test.ts': ['R57: a logout token is no hint, no access token and no assertion'],
    },
  },
  {
    id: 'R58',
    feature: 'core',
    title: 'A critical header that is not understood refuses the JWT (RFC 7515 §4.1.11).',
    tests: {
      'test/hazards/bad-input-jose.test.ts': [
        'a forged or malformed assertion tells its sender nothing › signed with another key, by another algorithm or not at all it looks like an unknown client',
      ],
    },
  },
  {
    id: 'R59',
    feature: 'core',
    title: 'A name stands once in a JWT, and a member of the wrong type refuses it (RFC 7519 §4).',
    tests: {
      'test/hazards/requirements-rfc8725.test.ts': ['R59: a name stands once, and a time is a number'],
      'test/hazards/client-assertion.test.ts': ['identity › refuses %s'],
    },
  },
  {
    id: 'R60',
    feature: 'core',
    title: 'An access token says at+jwt and is signed, by RS256 where an API needs it (RFC 9068 §2.1).',
    tests: {
      'test/hazards/requirements-rfc9068.test.ts': [
        'R60: an API that needs RS256 gets it, and no API gets a token that is not signed',
      ],
      'test/flows/client-credentials.test.ts': ['gives a machine an RFC 9068 access token for its resource'],
    },
  },
  {
    id: 'R61',
    feature: 'core',
    title: 'An access token has every claim that is demanded (RFC 9068 §2.2).',
    tests: {
      'test/hazards/requirements-rfc9068.test.ts': [
        'R61, R65: the token of a person has each claim that is demanded, tells how they signed in, and nothing of who',
      ],
    },
  },
  {
    id: 'R62',
    feature: 'core',
    title: 'The subject of a machine is its client (RFC 9068 §2.2).',
    tests: {
      'test/flows/client-credentials.test.ts': ['gives a machine an RFC 9068 access token for its resource'],
    },
  },
  {
    id: 'R63',
    feature: 'core',
    title: 'The audience is the API that was asked for or is the default; an unknown one is refused (RFC 9068 §3).',
    tests: {
      'test/flows/client-credentials.test.ts': [
        'refuses a resource that is not registered',
        'puts the registered spelling of the resource into the token, whatever the request wrote',
      ],
      'test/hazards/requirements-rfc9068.test.ts': [
        'R63, R64: a token is for one API and has scopes of that one alone, also where two have a scope of one name',
      ],
    },
  },
  {
    id: 'R64',
    feature: 'core',
    title: 'Scopes of a token are those of its audience (RFC 9068 §2.2.3, §3).',
    tests: {
      'test/hazards/requirements-rfc9068.test.ts': [
        'R63, R64: a token is for one API and has scopes of that one alone, also where two have a scope of one name',
      ],
      'test/flows/scopes-and-resources.test.ts': [
        'without resource › a token request for several granted resources must name one',
      ],
    },
  },
  {
    id: 'R65',
    feature: 'core',
    title: 'An API can see when and how a person signed in (RFC 9068 §2.2.1).',
    tests: {
      'test/hazards/requirements-rfc9068.test.ts': [
        'R61, R65: the token of a person has each claim that is demanded, tells how they signed in, and nothing of who',
      ],
    },
  },
  {
    id: 'R66',
    feature: 'core',
    title: 'An API checks type, issuer, audience, expiry, algorithm and signature (RFC 9068 §4).',
    tests: {
      'test/hazards/requirements-rfc9068.test.ts': [
        'R7, R66: an API takes the token that is for it, and refuses what is for another API or for the app',
      ],
      'test/resource-server/access-tokens.test.ts': [
        'an invalid token › %s',
        'an invalid token › is signed by an algorithm that is not allowed',
        'an invalid token › is forged with %s and the public key',
      ],
    },
  },
  {
    id: 'R67',
    feature: 'pairwise subjects',
    title:
      'Where a client has pairwise subjects, every token, answer and hint has the one of its sector, also after a change of master keys (RFC 9068 §6).',
    tests: {
      'test/flows/pairwise.test.ts': [
        'an app knows a person by one subject everywhere, an app of another sector by another, and neither is the account id',
        'a hint tells who is signed in, and signs out without a question',
        'subjects stay the same when the master keys change',
      ],
      'test/clients/subjects.test.ts': ['clients of other sectors, and who lacks the pepper, cannot compute a subject'],
    },
  },
  {
    id: 'R68',
    feature: 'core',
    title: 'A key is published for as long as tokens live that it signed (RFC 9068 §4).',
    tests: {
      'test/flows/two-nodes.test.ts': [
        'a rotation of the signing keys under load on two nodes loses no request, and tokens of both keys verify',
      ],
      'test/signing-keys/signing-keys.test.ts': [
        'retiring and revoking › retires a current key, which stays published',
      ],
    },
  },
  {
    id: 'R69',
    feature: 'core',
    title: 'Answers of back channels are JSON, say error and description, and are kept by nobody (RFC 6749 §5).',
    tests: {
      'test/hazards/engine.test.ts': ['A19: every answer of every back channel says that it must not be kept'],
      'test/hazards/bad-input-http.test.ts': ['a malformed body › with %s is refused at every form endpoint'],
    },
  },
  {
    id: 'R70',
    feature: 'core',
    title: 'ASVS 10.4.10: confidential clients authenticate at every back channel.',
    tests: {
      'test/hazards/requirements-oauth21.test.ts': [
        'R70: a confidential client gets nothing at the other back channels either without authentication',
      ],
      'test/hazards/bad-input-token.test.ts': [
        'parameters › a confidential client gets nothing without authentication',
      ],
    },
  },
  {
    id: 'R71',
    feature: 'core',
    title: 'ASVS 10.4.12: a client gets its answers in the response modes that it was registered for.',
    tests: {
      'test/hazards/requirements-oauth21.test.ts': [
        'R71: a client that was registered for one response mode gets its answer by no other',
      ],
    },
  },
  {
    id: 'R72',
    feature: 'core',
    title: 'ASVS 10.4.1: redirect addresses come from a list per client and are compared exactly.',
    tests: {
      'test/hazards/bad-input-redirect-uri.test.ts': [
        'a redirect URI that was not registered is refused on a page, without a redirect › %#: %j',
        'a redirect URI that was not registered is refused on a page, without a redirect › not even an error, nor with prompt=none or another response mode',
        'a redirect URI that was not registered is refused on a page, without a redirect › when it is left out, though only one or several are registered',
        'a redirect URI that was not registered is refused on a page, without a redirect › when it is sent twice, even if both are right',
      ],
    },
  },
  {
    id: 'R73',
    feature: 'core',
    title: 'ASVS 10.4.2: a code is good once, and its reuse ends the tokens that it gave.',
    tests: {
      'test/flows/authorization-code.test.ts': ['codes › are spent once: a later repeat is refused and ends the grant'],
      'test/hazards/once.test.ts': [
        'V5: a code that was redeemed is refused on the other node too, and a second later its grant ends',
      ],
    },
  },
  {
    id: 'R74',
    feature: 'core',
    title: 'ASVS 10.4.3: a code lives a minute.',
    tests: {
      'test/hazards/bad-input-token.test.ts': ['codes › live a minute at most; an expired one is refused'],
    },
  },
  {
    id: 'R75',
    feature: 'core',
    title: 'ASVS 10.4.4: a client has the grants that it needs, and nobody has implicit or password.',
    tests: {
      'test/flows/client-credentials.test.ts': [
        'refuses a grant type that the client does not have with unauthorized_client',
      ],
      'test/clients/authentication.test.ts': [
        'grants and redirects › a grant may be added where the profile allows it',
      ],
      'test/hazards/bad-input-token.test.ts': ['parameters › %s is refused'],
    },
  },
  {
    id: 'R76',
    feature: 'core',
    title: 'ASVS 10.4.5: a refresh token that is presented again ends its family, or is bound to a key.',
    tests: {
      'test/flows/authorization-code.test.ts': [
        'refresh tokens › rotate for a public client, and a repeat within the grace window gets the same successor',
      ],
      'test/hazards/requirements-oauth21.test.ts': [
        'R26: a browser app that binds its tokens to a key keeps its refresh token, worth nothing without the key',
      ],
      'test/hazards/once.test.ts': [
        'V1: fifty refreshes of one token at once give one successor to all, and after the window none and the family is dead',
      ],
    },
  },
  {
    id: 'R77',
    feature: 'core',
    title: 'ASVS 10.4.6: PKCE is demanded and checked, and plain is refused.',
    tests: {
      'test/hazards/bad-input-authorization.test.ts': [
        'PKCE › is required: without a challenge the app gets invalid_request',
        'PKCE › is S256: %s is refused',
        'PKCE › is advertised as S256 alone',
      ],
      'test/hazards/downgrade.test.ts': ['V14: a client that may go without a challenge is held to the one it sent'],
    },
  },
  {
    id: 'R78',
    feature: 'core',
    title: 'ASVS 10.4.8: refresh tokens end at an age, however often they are used.',
    tests: {
      'test/oidc/refresh.test.ts': ['by the clock of the database › a family of %i days gets %i more'],
    },
  },
  {
    id: 'R79',
    feature: 'core',
    title: 'ASVS 10.4.11: a client gets the scopes that it was registered for, and no others.',
    tests: {
      'test/hazards/binding.test.ts': ['V17: a scope beyond the registered ones is refused by name at every grant'],
    },
  },
  {
    id: 'R80',
    feature: 'pushed requests',
    title: 'ASVS 10.4.13: requests of high-value clients are pushed.',
    tests: {
      'test/flows/fapi2.test.ts': ['must push its authorization request'],
      'test/hazards/requirements-fapi2.test.ts': [
        'R36: are taken from an authenticated client only, and the request is taken in no other way',
      ],
    },
  },
  {
    id: 'R81',
    feature: 'DPoP',
    title: 'ASVS 10.4.14: access tokens of high-value clients are bound to a key.',
    tests: {
      'test/hazards/requirements-fapi2-keys.test.ts': [
        'R5: without a proof there is no token, and a refusal leaves the code good',
      ],
    },
  },
  {
    id: 'R82',
    feature: 'core',
    title: 'ASVS 10.4.16: clients can authenticate by a key of theirs, and high-value ones must.',
    tests: {
      'test/hazards/requirements-fapi2.test.ts': [
        'R32, R33, R35, R36, R44, R47: a client that would be weaker is not registered',
      ],
      'test/clients/authentication.test.ts': [
        'authentication and keys › private_key_jwt needs keys or where they are, and not both',
      ],
    },
  },
  {
    id: 'R83',
    feature: 'core',
    title: 'ASVS 10.6.1: code is the only response type.',
    tests: {
      'test/hazards/bad-input-authorization.test.ts': [
        'other bad requests go back to the app with error, state and iss › response_type=%s is not supported',
      ],
      'test/flows/response-modes.test.ts': ['implicit and hybrid response types are refused'],
      'test/clients/authentication.test.ts': ['grants and redirects › no response type but code: %j'],
    },
  },
  {
    id: 'R84',
    feature: 'logout',
    title: 'ASVS 10.6.2: nobody is signed out without having said so.',
    tests: {
      'test/hazards/pages.test.ts': [
        'V40: a sign-out that another site asks for is a question first',
        'V40: a confirmation without the secret of the page, or with another one, signs nobody out',
      ],
    },
  },
]
