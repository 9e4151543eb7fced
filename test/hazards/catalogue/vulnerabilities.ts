/** V: what went wrong in servers of this kind, and the tests by which it does not here. */
import type { Row } from './row.ts'

export const VULNERABILITIES: readonly Row[] = [
  {
    id: 'V1',
    feature: 'core',
    title: 'However many refreshes of one token arrive at once, on however many nodes, one family goes on from it.',
    tests: {
      'test/hazards/once.test.ts': [
        'V1: fifty refreshes of one token at once give one successor to all, and after the window none and the family is dead',
      ],
      'test/oidc/refresh.test.ts': ['a crowd of refreshes of one token at once gives one successor to all'],
      'test/oidc/refresh-schedules.test.ts': [
        'whatever the order of their statements › every pair leaves one live refresh token, or none once it was ended',
      ],
    },
  },
  {
    id: 'V2',
    feature: 'revocation',
    title:
      'A refresh token that was rotated out or revoked stays refused after the nodes and the database were killed and started again.',
    tests: {
      'test/hazards/killed.test.ts': [
        'V2: refresh tokens that were rotated out or revoked stay refused after kill -9 of nodes and PostgreSQL',
      ],
      'test/flows/refresh-crash.test.ts': ['kill -9 of a node under concurrent refreshes'],
    },
  },
  {
    id: 'V3',
    feature: 'core',
    title: 'A secret of one kind is nothing at all wherever another kind is asked for.',
    tests: {
      'test/hazards/cross-kind.test.ts': [
        'V3: only a code is redeemed as a code',
        'V3: only a refresh token refreshes',
        'V3: only an access token without an audience opens userinfo',
        'V3: only an access token with the admin API as audience opens the admin API',
        'V3: only tokens are active at introspection, and revoking anything else changes nothing',
        'V3: only a pushed request is a request_uri',
        'V3: only an interaction is an interaction',
      ],
      'test/conformance/adapter.ts': ['finds no value under another kind: a code is no refresh token'],
    },
  },
  {
    id: 'V4',
    feature: 'pushed requests',
    title: 'A pushed request gives one code, with prompt=none too, and when ten browsers finish it at once.',
    tests: {
      'test/hazards/once.test.ts': [
        'V4: a pushed request gives one code, also with prompt=none, also when ten finish it at once',
      ],
    },
  },
  {
    id: 'V5',
    feature: 'core',
    title: 'A code is redeemed once, whether it is presented again later, at once or on another node.',
    tests: {
      'test/hazards/once.test.ts': [
        'V5: a code redeemed ten times at once over two nodes gives one set of tokens, which stays good',
        'V5: a code that was redeemed is refused on the other node too, and a second later its grant ends',
      ],
    },
  },
  {
    id: 'V6',
    feature: 'core',
    title: 'A code or refresh token in the hands of another client is refused, and its owner loses nothing by that.',
    tests: {
      'test/hazards/binding.test.ts': [
        'V6: a code that another client presents is refused, and its own client redeems it afterwards',
        'V6: a refresh token of a %s client that another client presents is refused, and the grant goes on',
        'V6: a revocation of another client’s refresh token changes nothing',
      ],
    },
  },
  {
    id: 'V7',
    feature: 'core',
    title: 'A confidential client refreshes only by proving what it is registered with: its key or its secret.',
    tests: {
      'test/hazards/binding.test.ts': [
        'V7: a refresh token of a confidential client is worth nothing without its own authentication',
        'V7: a client with a secret refreshes with that secret and by no other means',
      ],
    },
  },
  {
    id: 'V8',
    feature: 'core',
    title: 'A disabled person or client gets nothing more, by any grant or endpoint, on any node.',
    tests: {
      'test/hazards/ended.test.ts': [
        'V8: a disabled person gets nothing more on any node: refresh, code, userinfo, introspection, session, sign-in',
        'V8: a disabled client gets nothing more on any node, whichever way it asks',
      ],
    },
  },
  {
    id: 'V9',
    feature: 'revocation',
    title: 'A revocation that could not be stored is not confirmed.',
    tests: {
      'test/hazards/killed.test.ts': [
        'V9: a revocation that PostgreSQL did not take is 503, and the token is as good as before',
      ],
    },
  },
  {
    id: 'V10',
    feature: 'core',
    title: 'A client assertion authenticates once, in sequence, at once, on another node and after a restart.',
    tests: {
      'test/hazards/client-assertion.test.ts': [
        'reuse › refuses an assertion that was used, on the other node and after a restart too',
        'reuse › lets one of twenty at once through, over two nodes, and records each',
      ],
    },
  },
  {
    id: 'V11',
    feature: 'core',
    title: 'An assertion made out to somebody else is not accepted, whatever host the request names.',
    tests: {
      'test/hazards/client-assertion.test.ts': [
        'the audience › may not be %s, and the client is told what it must be',
        'the audience › may be missing for nobody',
        'the audience › is never made from the Host of a request',
      ],
      'test/hazards/bad-input-http.test.ts': [
        'a foreign or malformed host › gets no token for an assertion whose audience it names',
      ],
    },
  },
  {
    id: 'V12',
    feature: 'core',
    title: 'A redirect address that only resembles a registered one ends on a page, never in a redirect.',
    tests: {
      'test/hazards/bad-input-redirect-uri.test.ts': [
        'a redirect URI that was not registered is refused on a page, without a redirect › %#: %j',
        'a redirect URI that was not registered is refused on a page, without a redirect › not even an error, nor with prompt=none or another response mode',
        'a redirect URI that was not registered is refused on a page, without a redirect › but a native app may use any port of its loopback address, and nothing else of another',
      ],
    },
  },
  {
    id: 'V13',
    feature: 'core',
    title: 'An address that would run script is never registered, and no page or form leads to one.',
    tests: {
      'test/hazards/administration.test.ts': [
        'V13: no address of a %s client may run script',
        'V13: a client that is there cannot be given one either',
      ],
      'test/clients/redirect-schemes.test.ts': [
        'what a browser runs or opens itself › %s: is never allowed',
        'what a browser runs or opens itself › %s: is no redirect URI even if it got into the setting',
      ],
      'test/interactions/escaping.test.ts': ['any text on the page %s stays text'],
    },
  },
  {
    id: 'V14',
    feature: 'core',
    title: 'PKCE cannot be left out, weakened, or added afterwards.',
    tests: {
      'test/hazards/downgrade.test.ts': [
        'V14: what was pushed without a challenge is refused as if it had been sent by the browser',
        'V14: a client that may go without a challenge is held to the one it sent',
        'V14: a verifier for a code that was requested without a challenge is refused, and the code stays usable',
        'V14: a %s client cannot be registered to go without',
      ],
      'test/hazards/bad-input-authorization.test.ts': [
        'PKCE › is required: without a challenge the app gets invalid_request',
        'PKCE › is S256: %s is refused',
        'PKCE › cannot be left out at the token request, nor brought in there',
      ],
    },
  },
  {
    id: 'V15',
    feature: 'core',
    title: 'Neither unsigned tokens nor plain challenges are advertised or taken.',
    tests: {
      'test/hazards/downgrade.test.ts': [
        'V15: no list of the metadata names an unsigned, symmetric or plain way',
        'V15: an unsigned request object is refused at both endpoints, and nothing it says is believed',
      ],
      'test/hazards/bad-input-authorization.test.ts': ['PKCE › is advertised as S256 alone'],
    },
  },
  {
    id: 'V16',
    feature: 'core',
    title: 'A token request reaches no resource beyond those that were granted.',
    tests: {
      'test/hazards/binding.test.ts': [
        'V16: neither a code nor a refresh token reaches a resource that was not granted with it',
      ],
    },
  },
  {
    id: 'V17',
    feature: 'core',
    title: 'A scope that a client is not registered for is refused by name, not given in silence.',
    tests: {
      'test/hazards/binding.test.ts': ['V17: a scope beyond the registered ones is refused by name at every grant'],
    },
  },
  {
    id: 'V18',
    feature: 'device',
    title: 'One person approves a device, sees what asks for what, and the rules of the account apply.',
    tests: {
      'test/flows/device-races.test.ts': [
        'of two people who approve one device at once the first wins, and the other is told that the code was used',
      ],
      'test/interactions/device-compare.test.ts': [
        'the page that compares the code › tells who asks for what, from where, and asks whether the person began it',
        'the page that compares the code › takes no form of another browser or interaction',
        'on the way › a stronger sign-in than the account has is refused, and the device is told access_denied',
      ],
      'test/flows/device-tokens.test.ts': [
        'tokens of a device › are refused when its person was disabled after they connected it',
      ],
    },
  },
  {
    id: 'V19',
    feature: 'core',
    title: 'A token that was shortened, lengthened or altered in any character is no token.',
    tests: {
      'test/hazards/cross-kind.test.ts': [
        'V19: a token is whole or nothing: cut, longer, or with any character altered it is inactive',
        'V19: a JWT access token with any character altered is inactive',
      ],
    },
  },
  {
    id: 'V20',
    feature: 'core',
    title: 'No token or code makes a session when it is sent as a cookie.',
    tests: {
      'test/hazards/cross-kind.test.ts': [
        'V20: no token or code in the session cookie signs anybody in, signed or not',
      ],
      'test/hazards/bad-input-http.test.ts': ['cookies that the server did not make › "%s" are as good as none'],
    },
  },
  {
    id: 'V21',
    feature: 'core',
    title:
      'A session gets a new name at each sign-in; one that was planted, or a sign-in that was cancelled, changes nothing.',
    tests: {
      'test/hazards/session.test.ts': [
        'V21: there is no session to plant before a sign-in, and each sign-in gives it a new name',
        'V21: whoever planted or left their own session does not have that of the next person who signs in',
        'V21: a value that the server did not make is no session, signed by somebody or not',
        'V21: a sign-in that is asked for anew and cancelled leaves the session as it was',
        'V21: behind an https issuer no other host or path can set a cookie of ours; on loopback they need no TLS',
      ],
    },
  },
  {
    id: 'V22',
    feature: 'introspection',
    title: 'After everything of a person, a client or a grant was revoked, introspection says inactive on every node.',
    tests: {
      'test/hazards/ended.test.ts': ['V22: introspection is inactive on every node at once after %s'],
    },
  },
  {
    id: 'V23',
    feature: 'core',
    title:
      'Writing back what was read changes no setting of a client, and of two writers at once none is lost unnoticed.',
    tests: {
      'test/hazards/administration.test.ts': [
        'V23: writing back what was read of %s changes nothing',
        'V23: of ten writers at once over two nodes that read the same version of %s one gets through',
        'V23: writers at once that change different members without a version lose none of them',
      ],
      'test/admin/clients.test.ts': ['loses none of several allowances that are set at once'],
      'test/flows/registration/management.test.ts': ['V23: writing back what was read changes nothing but the token'],
    },
  },
  {
    id: 'V24',
    feature: 'core',
    title:
      'An administrator cannot take over a client that may more than the administrator, and no client raises itself.',
    tests: {
      'test/admin/clients.test.ts': ['lets nobody come to more rights through another client'],
      'test/flows/registration/initial-access-tokens.test.ts': [
        'V24: nobody issues a token for more rights in the admin API than they have',
      ],
      'test/flows/registration/management.test.ts': [
        'V24: a client gives itself nothing that only an administrator gives',
      ],
    },
  },
  {
    id: 'V25',
    feature: 'registration',
    title: 'No way around a rule for what clients may register: each condition refuses, also in a later change.',
    tests: {
      'test/flows/registration/initial-access-tokens.test.ts': [
        'V25: each condition of a policy refuses what does not meet it › %s',
        'V25: each condition of a policy refuses what does not meet it › a change is held to them as well, also when the token was revoked since',
      ],
      'test/flows/registration/software-statements.test.ts': ['V25: a later change without it is held to it as well'],
      'test/flows/registration/open.test.ts': ['open › %s is refused, with what would be right'],
    },
  },
  {
    id: 'V26',
    feature: 'mail and reset',
    title: 'No order of steps reaches a new password without the proof by mail.',
    tests: {
      'test/interactions/reset.test.ts': [
        'V26: nobody reaches the new password › by walking the steps out of order',
        'V26: nobody reaches the new password › with the code of another person, of another browser, or of another address',
        'V26: nobody reaches the new password › by sending the last form again, whose proof is spent',
        'V26: nobody reaches the new password › after another address was asked for in the same place',
        'V26: nobody reaches the new password › with a form that no page of this browser made: 403 and an event',
        'ASVS 6.3.8, V26: an address that nobody has › is answered with the same words and status, and gets no mail',
      ],
      'test/interactions/registration.test.ts': [
        'registration › V26, ASVS 6.3.8: an address that has an account is answered alike, and its owner is told by mail',
      ],
      'test/hazards/unknown-addresses.test.ts': [
        'V26, ASVS 6.3.8: %s answers known and unknown addresses in the same time, over %i tries each',
      ],
    },
  },
  {
    id: 'V27',
    feature: 'core',
    title: 'No header of a request decides a host in a link, a redirect, a mail or the metadata.',
    tests: {
      'test/hazards/pages.test.ts': ['V27: headers that name another host are in no link, redirect, form or answer'],
      'test/interactions/reset.test.ts': [
        'by the link › V27: it starts with the issuer, whatever the request said of its host, and works in another browser',
        'by the link › V27: under a foreign host nothing is answered, and no mail is sent',
      ],
      'test/hazards/bad-input-http.test.ts': [
        'a foreign or malformed host › %s is 421',
        'a foreign or malformed host › "%s" is 400',
        'a foreign or malformed host › is in no URL of the discovery document, whatever the headers say',
      ],
      'test/mail/mail-templates.test.ts': ['a link starts with the issuer, its path included, whatever path is given'],
    },
  },
  {
    id: 'V28',
    feature: 'second factors',
    title: 'Guesses are counted exactly over all nodes and ways in, and a lock holds on each of them.',
    tests: {
      'test/verification/email-code/races.test.ts': [
        'V28: of a thousand wrong codes at once five are looked at, and the right one is worth nothing then',
      ],
      'test/sign-in/attempts.test.ts': [
        'V28, ASVS 6.3.1: a thousand guesses at once on two nodes › are as many looks at the password as may be, and the counter is exact',
        'V28, ASVS 6.3.1: a thousand guesses at once on two nodes › are as few looks at the code of an authenticator app',
      ],
      'test/sign-in/factor-lock.test.ts': [
        'the hundredth wrong code in a row locks the app: the right one is refused too, and the person is told by mail',
        'of wrong codes at once on two nodes as many are checked as are left, and one mail is sent',
      ],
      'test/flows/second-factor.test.ts': [
        'after the password › V28: the code page alone signs nobody in, nor does a code without the password',
      ],
    },
  },
  {
    id: 'V29',
    feature: 'second factors',
    title: 'A one-time code counts once within its window.',
    tests: {
      'test/conformance/login-method-suite.ts': [
        'ten of the same attempt at once on two nodes count as often as they may',
      ],
    },
  },
  {
    id: 'V30',
    feature: 'passkeys',
    title: 'Every property of a passkey assertion is checked on the server.',
    tests: {
      'test/hazards/passkeys.test.ts': [
        'V30: an assertion is refused by the server › $what',
        'V30: an assertion is refused by the server › whose counter went back, stood still, or was overtaken',
        'V30: a challenge › ASVS 6.7.2: is answered once, on whichever node, however many present the answer',
        'V30: a new passkey is refused by the server › $what',
      ],
      'test/account-portal/changed-passkeys.test.ts': [
        'a passkey whose %s is refused in these words, told by mail once, and can be replaced',
        'who does not have the key can make no passkey look changed',
      ],
    },
  },
  {
    id: 'V31',
    feature: 'second factors',
    title: 'No way in reaches less assurance than was asked for.',
    tests: {
      'test/flows/second-factor.test.ts': [
        'after the password › ASVS 6.3.3: whoever has an authenticator app is asked for its code, and the tokens tell of both',
        'step-up › without a question it is refused as RFC 9470 has it',
        'step-up › whoever has nothing stronger is told so, and the app is when they go back',
        'step-up › whoever is asked to sign in anew gives every proof again',
      ],
    },
  },
  {
    id: 'V32',
    feature: 'mail and reset',
    title: 'Links, invitations and states made for one purpose are worth nothing for another.',
    tests: {
      'test/interactions/reset.test.ts': [
        'by the link › ASVS 6.3.6: looking at it spends nothing; it works once, for resets alone, and signs nobody in (V31, V32)',
      ],
      'test/interactions/invitation.test.ts': ['ASVS 6.4.1, V31, V32: its link works once, and for nothing else'],
      'test/verification/email-code/email-codes.test.ts': [
        'V26, V32: what was sent for one thing is worth nothing for another › the values of the two purposes are not interchangeable',
        'V26, V32: what was sent for one thing is worth nothing for another › a code of one address opens no other, and one account no other',
        'V26, V32: what was sent for one thing is worth nothing for another › ASVS 6.6.2: what a browser began works in that browser alone, and stays good there',
      ],
    },
  },
  {
    id: 'V33',
    feature: 'second factors',
    title: 'One-time secrets are in no table and no event, and nothing that was typed is.',
    tests: {
      'test/verification/email-code/email-codes.test.ts': [
        'a thief of the database finds no code, token, address or account',
      ],
      'test/mail/mail.test.ts': [
        'what waits in the database shows neither code nor link nor address, before and after a failure',
      ],
      'test/conformance/login-method-suite.ts': [
        'a wrong attempt proves nothing, and nothing of it is in the audit log',
      ],
      'test/sign-in/totp.test.ts': ['ASVS 6.5.2: the tables show neither secret nor code, raw or encoded'],
    },
  },
  {
    id: 'V34',
    feature: 'core',
    title: 'An address that a client names reaches no private network, follows no redirect, and ends by time and size.',
    tests: {
      'test/hazards/outgoing.test.ts': [
        'V34: keys at %s are not asked for',
        'V34: a client document at %s is not asked for, and the caller is not told why',
        'V34: a body without end is cut off after half a megabyte',
        'V34: a client document without end is cut off after 32 kB',
        'V34: a compressed body is counted as it unpacks, and none is asked for',
        'V34: a host that %s is given up after two seconds',
        'V34: %s in place of keys authenticates nobody',
        'V34: %s is not registered as a place of keys',
        'V34: a sector at %s is not asked for, and the registration is refused',
      ],
      'test/flows/jwks-uri.test.ts': ['reaches no private address that is not allowed'],
      'test/flows/backchannel-logout-delivery.test.ts': ['V34: a logout address in a private network is not asked'],
    },
  },
  {
    id: 'V35',
    feature: 'core',
    title: 'A forged cursor or filter of a list is a faulty input, never part of a statement.',
    tests: {
      'test/hazards/administration.test.ts': [
        'V35: a forged cursor, size or filter of %s is faulty input and reaches no statement',
        'V35: a filter of the list is a value, whatever it holds',
        'V35: an identifier in a path is a value too',
      ],
    },
  },
  {
    id: 'V36',
    feature: 'core',
    title: 'Text that a caller or administrator supplies stays text on every page.',
    tests: {
      'test/hazards/pages.test.ts': [
        'V36: %s stays text on every page, and no page lets a script of its own run',
        'V36: an answer by form names the app’s place and holds the values as text',
      ],
      'test/interactions/refusals.test.ts': [
        'hostile text › %s stays text in every parameter of a request',
        'hostile text › %s stays text in the name of an app and of a scope',
      ],
    },
  },
  {
    id: 'V37',
    feature: 'core',
    title: 'No input forges a line of the log or an event of the audit log.',
    tests: {
      'test/hazards/pages.test.ts': [
        'V37: what is typed, sent or registered forges neither a line of the log nor an event',
      ],
      'test/hazards/bad-input-http.test.ts': [
        'control characters in any input forge no line of the log and move no cursor',
      ],
      'test/audit/recorder.test.ts': [
        'what a caller may have sent › cannot make a write fail, forge an event or be a novel',
      ],
    },
  },
  {
    id: 'V38',
    feature: 'core',
    title: 'The algorithm of a signature is the one registered, and a critical header that is not understood refuses.',
    tests: {
      'test/hazards/bad-input-jose.test.ts': [
        'a forged or malformed assertion tells its sender nothing › signed with another key, by another algorithm or not at all it looks like an unknown client',
      ],
      'test/clients/client-keys.test.ts': [
        'keys that are refused › a symmetric key, without its value',
        'keys that are refused › a point that is not on its curve',
        'keys that are refused › RSA keys that are too short or have a weak exponent',
      ],
      'test/clients/authentication.test.ts': ['authentication and keys › no assertion is signed with %j'],
    },
  },
  {
    id: 'V39',
    feature: 'core',
    title: 'No single request holds the server up, however large or expensive it is made.',
    tests: {
      'test/hazards/expensive.test.ts': [
        'V39: an assertion with %s is refused and costs little',
        'V39: a token with %s is inactive and costs little',
        'V39: a hint with %s leads nowhere and costs little',
        'V39: 15 KB of %s are read in little time',
        'V39: 64 KB of X-Forwarded-For are not read at all: 431',
        'V39: parameters made for slow patterns are read in little time',
      ],
    },
  },
  {
    id: 'V40',
    feature: 'logout',
    title: 'Nobody is signed out by another site: without proof there is a question, and its answer carries a secret.',
    tests: {
      'test/hazards/pages.test.ts': [
        'V40: a sign-out that another site asks for is a question first',
        'V40: a confirmation without the secret of the page, or with another one, signs nobody out',
        'V40: a hint that is forged, or of somebody else, ends no session and leads nowhere',
      ],
      'test/flows/session-ids.test.ts': [
        'a hint with the sid of another session asks before it signs out; one of this session does not',
      ],
    },
  },
  {
    id: 'V41',
    feature: 'federation',
    title: 'An answer of an upstream provider without the right nonce, issuer or audience is refused.',
    tests: {
      'test/federation/refusals.test.ts': [
        'V41, ASVS 6.8.2: an ID token is refused %s',
        'V41, ASVS 6.8.2: an ID token is refused for its signature: %s',
        'an answer is refused %s',
        'RFC 9207: an answer of another issuer, or without one where the provider says that it sends it, is refused',
      ],
    },
  },
  {
    id: 'V42',
    feature: 'federation',
    title: 'Accounts are linked only with proof on both sides.',
    tests: {
      'test/federation/linking.test.ts': [
        'V42: an account with the same address is not taken over; it is linked once it was proven by its password in the same sign-in, and its owner is told',
        'V42: it is not linked where another account signs in, nor where the person does not want it',
        'V42: it is not linked by the word of another provider',
        'V42: an address of a domain that another provider looks after is not believed',
      ],
    },
  },
  {
    id: 'V70',
    feature: 'federation',
    title:
      'The people of different tenants of one upstream provider are different people, and no tenant vouches for addresses of others.',
    tests: {
      'test/federation/entra.test.ts': [
        'ASVS 6.8.1, OpenID Connect Core §2: the same subject in another tenant is another person',
        'an ID token is refused %s',
        'an ID token is refused that a key of another issuer signed',
        'does not count otherwise, whatever else the token says: xms_edov is %j',
      ],
      'test/admin/upstream-presets.test.ts': [
        'no preset trusts addresses by itself; an administrator may, except for the open tenants of Entra ID',
      ],
    },
  },
  {
    id: 'V71',
    feature: 'federation',
    title:
      'A provider without ID tokens says who a person is by an id that never changes, and vouches only for an address that it has verified.',
    tests: {
      'test/federation/github.test.ts': [
        'who takes over a login that was given up is another person',
        'has no address that counts: %s',
        'that is not for the PKCE challenge of its request',
        'RFC 9207: that another issuer sent',
        'ASVS 6.8.4: it proves who, not that they are here now: their password is asked for besides',
      ],
    },
  },
  {
    id: 'V72',
    feature: 'federation',
    title:
      'The key that signs our secrets for a provider never leaves, and a name that comes with a form harms nobody.',
    tests: {
      'test/federation/apple.test.ts': [
        'is signed for each request with the key of the administrator',
        'is signed with the new key once the administrator gives one, and the old one never leaves',
        'comes with the first form, and goes on to the next page without being readable in the address',
        'of another answer is ignored',
        'that is none keeps nobody out: %s',
      ],
      'test/admin/upstream-presets.test.ts': ['%s as the key of apple, and shows nothing of it'],
    },
  },
  {
    id: 'V43',
    feature: 'core',
    title:
      'Revoking takes what belongs to one grant and nothing else, and requests at once in one session leave it whole.',
    tests: {
      'test/hazards/once.test.ts': [
        'V43: after a reuse ended its grant the person goes on: the next request gives a code that is good',
        'V43: requests of two apps at once in one session all get their code, and sign-out ends the grants of both',
      ],
      'test/conformance/adapter.ts': [
        'refuses to revoke without a grant, and touches no row that has none',
        'merges what two requests of one session write for two clients',
      ],
    },
  },
  {
    id: 'V44',
    feature: 'core',
    title:
      'An app whose identity is not assured gets no answer without a click, also where consent is remembered (RFC 8252 §8.6).',
    tests: {
      'test/interactions/continue.test.ts': [
        'gets no code without a click, and a page with one button for it',
        '%s gets a code without a click where consent is remembered',
        'a form that no page of this interaction made gives no code',
      ],
    },
  },
  {
    id: 'V45',
    feature: 'core',
    title:
      'An ID token signs out without a question only in its own session; one that cannot be verified leads nowhere, and a revoked key verifies nothing (RP-Initiated Logout 1.0 §2).',
    tests: {
      'test/flows/id-token-hints.test.ts': [
        'a hint of the running session › signs out without a question, and leads back to the app',
        'a hint of the running session › asks when the app has no part in this session, though the person is the same',
        'a hint of the running session › asks when another person is signed in',
        'is the question, and leads nowhere',
        'a hint whose key was archived › is verified no more once the key was revoked',
      ],
    },
  },
  {
    id: 'V46',
    feature: 'core',
    title: 'Whoever has not signed in cannot fill the database, and an address that tries is stopped alone.',
    tests: {
      'test/flows/growth.test.ts': [
        'an hour of requests at the limit adds little, and a day later nothing of them is left',
      ],
      'test/flows/strangers.test.ts': [
        'sign-ins that nobody finishes are refused beyond the budget of their address, on a page',
        'a person who is signed in goes on from an address whose budget is used up',
        'a sign-in is not begun for what could not show it: %s',
      ],
      'test/flows/parameter-sizes.test.ts': [
        '%s of more than 4096 bytes is refused at the authorization endpoint',
        '%s is bounded in a pushed request too',
      ],
      'test/audit/refusals.test.ts': ['a server records the count at the latest when it stops'],
      'test/oidc/expiry.test.ts': ['removes what expired long enough ago, with what hangs on it, and nothing else'],
    },
  },
  {
    id: 'V47',
    feature: 'core',
    title: 'Nothing of a redirect URI that is not registered reaches the policy of a page.',
    tests: {
      'test/flows/response-modes.test.ts': [
        'no part of a redirect URI that is not registered reaches the policy of a page',
      ],
    },
  },
  {
    id: 'V48',
    feature: 'core',
    title:
      'Rights that were taken from a client, or from signet-cli, do not come back by a start or a release, and the last administrator stays.',
    tests: {
      'test/admin/last-administrator.test.ts': [
        'alone › the last administrator client cannot be %s',
        'of the last two administrator clients, deleted at once through two processes, one stays',
        'a deleted signet-cli stays deleted at the next start, and its id is not given again, until it is recovered',
        'a disabled and narrowed signet-cli stays so at the next start, and is whole again once recovered',
      ],
      'test/clients/deleted-clients.test.ts': [
        'the id of a deleted client is not given again',
        'a new scope is granted to the clients that held every scope of its object, once, and to no others',
      ],
    },
  },
]
