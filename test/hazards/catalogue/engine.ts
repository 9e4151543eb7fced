/** A: what the engine does when it is left alone, and the tests by which it does otherwise here. */
import type { Row } from './row.ts'

export const ENGINE: readonly Row[] = [
  {
    id: 'A1',
    feature: 'core',
    title: 'What is spent at once by many requests is spent once: codes, refresh tokens, assertions, pushed requests.',
    tests: {
      'test/conformance/races.test.ts': ['over PostgreSQL, exactly once › %s'],
      'test/hazards/client-assertion.test.ts': [
        'reuse › lets one of twenty at once through, over two nodes, and records each',
      ],
    },
  },
  {
    id: 'A2',
    feature: 'core',
    title:
      'The host that a request names is in no audience and no address; a foreign one is refused before anything else.',
    tests: {
      'test/hazards/bad-input-http.test.ts': [
        'a foreign or malformed host › %s is 421',
        'a foreign or malformed host › gets no token for an assertion whose audience it names',
        'a foreign or malformed host › is in no URL of the discovery document, whatever the headers say',
      ],
    },
  },
  {
    id: 'A3',
    feature: 'core',
    title: 'An assertion names the issuer as its only audience, unless its client is registered to name the endpoint.',
    tests: {
      'test/hazards/client-assertion.test.ts': [
        'the audience › may be %s',
        'the audience › may not be %s, and the client is told what it must be',
        'the audience › may not be %s, and the client is told how it could be',
        'the audience › may be the token endpoint or the endpoint posted to for a client registered so, as the only value',
      ],
    },
  },
  {
    id: 'A4',
    feature: 'core',
    title: 'An assertion is recent, short-lived, single-use and of no foreign type.',
    tests: {
      'test/hazards/client-assertion.test.ts': [
        'time › refuses an assertion %s',
        'time › accepts exactly an hour, and iat and nbf up to a minute ahead',
        'time › accepts one without iat for up to an hour from now, once',
        'time › is at most as long as the client is registered for',
        'identity › refuses %s',
      ],
      'test/flows/restore-epoch.test.ts': [
        'a client assertion of before is refused, whether it was used or not, and until it is sure that it was made after',
      ],
    },
  },
  {
    id: 'A5',
    feature: 'core',
    title: 'A session that was ended while a request of it was under way does not come back with its answer.',
    tests: {
      'test/hazards/engine.test.ts': [
        'A5: a session that an administrator ends while requests of it are under way stays ended on every node',
      ],
      'test/conformance/adapter.ts': ['keeps an ended session ended, whatever a request that still has it saves'],
      'test/oidc/refresh-schedules.test.ts': ['a logout ends what was signed in to after it had read the session'],
    },
  },
  {
    id: 'A6',
    feature: 'core',
    title: 'Two apps that are authorized at once in one session are both remembered.',
    tests: {
      'test/conformance/adapter.ts': ['merges what two requests of one session write for two clients'],
      'test/hazards/once.test.ts': [
        'V43: requests of two apps at once in one session all get their code, and sign-out ends the grants of both',
      ],
    },
  },
  {
    id: 'A7',
    feature: 'core',
    title:
      'A crash in the middle of a token request loses neither the code nor the refresh token, and the retry is no theft.',
    tests: {
      'test/oidc/refresh-schedules.test.ts': [
        'whatever the order of their statements › a crash at any point of one loses and forks nothing',
      ],
      'test/flows/refresh-crash.test.ts': ['kill -9 of a node under concurrent refreshes'],
    },
  },
  {
    id: 'A8',
    feature: 'core',
    title: 'A database that has stopped answering is noticed on our side, within the time a caller waits.',
    tests: {
      'test/database/frozen.test.ts': [
        'a frozen PostgreSQL means "cannot answer" within three seconds, then at once, and everything works after',
      ],
      'test/hazards/database-away.test.ts': ['while PostgreSQL › is frozen, the server says so and comes back with it'],
    },
  },
  {
    id: 'A9',
    feature: 'core',
    title:
      'A store that cannot answer is said with 503, Retry-After and the word of the protocol, and at the app where it may.',
    tests: {
      'test/hazards/database-away.test.ts': ['while PostgreSQL › is frozen, the server says so and comes back with it'],
      'test/http/error-handler.test.ts': [
        'the error handler › answers 503 with Retry-After and the protocol’s word when the database is away',
      ],
    },
  },
  {
    id: 'A10',
    feature: 'introspection',
    title: 'JWT access tokens are introspected and revoked like opaque ones.',
    tests: {
      'test/flows/introspection.test.ts': [
        'introspection › tells of a JWT access token of a person what it carries',
        'after › one JWT was revoked, that one is gone and its grant is not',
        'after › the refresh token was revoked, its grant and all its tokens are gone',
      ],
    },
  },
  {
    id: 'A11',
    feature: 'core',
    title: 'Signing keys change while requests are under way, without a restart and without one being lost.',
    tests: {
      'test/flows/two-nodes.test.ts': [
        'a rotation of the signing keys under load on two nodes loses no request, and tokens of both keys verify',
      ],
    },
  },
  {
    id: 'A12',
    feature: 'core',
    title: 'Many active clients do not push each other’s keys out of memory.',
    tests: {
      'test/hazards/engine.test.ts': [
        'A12: more clients in turn than the engine keeps have their keys fetched once each',
      ],
    },
  },
  {
    id: 'A13',
    feature: 'core',
    title: 'A session that could not be saved leaves the answer that was made, or says 503.',
    tests: {
      'test/hazards/database-away.test.ts': ['while PostgreSQL › is frozen, the server says so and comes back with it'],
    },
  },
  {
    id: 'A14',
    feature: 'introspection',
    title: 'A token whose client is gone is inactive, not an error.',
    tests: {
      'test/flows/introspection.test.ts': ['after › the client was disabled', 'after › the client was deleted'],
    },
  },
  {
    id: 'A15',
    feature: 'core',
    title:
      'Methods, grants and bodies are refused by the code that fits, and both specifications’ POST requests are taken.',
    tests: {
      'test/hazards/bad-input-http.test.ts': [
        'a request that is hardly HTTP › %s %s is 405 and says what it takes',
        'a malformed body › over 56 KiB is 413 with the connection closed, announced or in chunks, at every endpoint',
      ],
      'test/hazards/bad-input-authorization.test.ts': [
        'other bad requests go back to the app with error, state and iss › a form POST is the same request: 303 to the GET, which refuses the same',
      ],
      'test/hazards/bad-input-token.test.ts': ['parameters › %s is refused'],
    },
  },
  {
    id: 'A16',
    feature: 'device',
    title: 'A poll that comes again right after it succeeded is refused quietly and ends nothing.',
    tests: {
      'test/flows/device-races.test.ts': [
        'an approved device that polls fifty times at once gets tokens once, and they stay good',
        'a device that polls fifty times while its person approves gets tokens once, and they stay good',
      ],
      'test/flows/device-tokens.test.ts': [
        'a device code that was used is refused afterwards: at first quietly, then as stolen, which ends its tokens',
      ],
    },
  },
  {
    id: 'A17',
    feature: 'core',
    title: 'Offline access needs no prompt once it was allowed, and two tabs that sign in at once both arrive.',
    tests: {
      'test/flows/authorization-code.test.ts': [
        'refresh tokens › are given to a confidential client for offline_access, without prompt=consent, and do not rotate',
      ],
      'test/hazards/engine.test.ts': [
        'A17: two tabs of one browser that come back from sign-in at once both arrive at the app',
      ],
      'test/conformance/adapter.ts': [
        'lets a replaced cookie value of the same person live on for a moment, and none across a sign-in',
      ],
    },
  },
  {
    id: 'A18',
    feature: 'core',
    title: 'A scope that is asked and was left out does not ask for ever, and only what is new is asked.',
    tests: {
      'test/flows/scopes-and-resources.test.ts': ['scopes › only what is new is asked for'],
      'test/interactions/questions.test.ts': ['the consent page › asks again for what is new, and for that alone'],
    },
  },
  {
    id: 'A19',
    feature: 'core',
    title: 'No answer that holds a secret may be kept by anybody on the way.',
    tests: {
      'test/hazards/killed.test.ts': [
        'V9: a revocation that PostgreSQL did not take is 503, and the token is as good as before',
      ],
      'test/hazards/engine.test.ts': ['A19: every answer of every back channel says that it must not be kept'],
    },
  },
]
