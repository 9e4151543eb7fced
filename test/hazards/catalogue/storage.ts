/** S: races and secrets of the store, and the tests that hold them off. */
import type { Row } from './row.ts'

export const STORAGE: readonly Row[] = [
  {
    id: 'S1',
    feature: 'core',
    title: 'A code, device code or request of its kind is consumed by one conditional statement.',
    tests: {
      'test/conformance/adapter.ts': [
        'lets exactly one of many at once consume one %s',
        'keeps a consumed row consumed when a stale copy is saved',
      ],
      'test/conformance/races.test.ts': ['over PostgreSQL, exactly once › %s'],
    },
  },
  {
    id: 'S2',
    feature: 'core',
    title:
      'A refresh token has one successor, which a repeat within the window is given again; the window never grows.',
    tests: {
      'test/oidc/refresh.test.ts': [
        'a repeat within the window › gives the same successor whatever scope of the grant it asks',
        'a repeat within the window › is over when the window is, and the window is counted from the first use',
      ],
      'test/oidc/refresh-schedules.test.ts': [
        'whatever the order of their statements › every pair leaves one live refresh token, or none once it was ended',
      ],
    },
  },
  {
    id: 'S3',
    feature: 'pushed requests',
    title: 'A pushed request is spent when its code is made, and not before.',
    tests: {
      'test/hazards/once.test.ts': [
        'V4: a pushed request gives one code, also with prompt=none, also when ten finish it at once',
      ],
    },
  },
  {
    id: 'S4',
    feature: 'core',
    title: 'An assertion’s id is reserved by one insertion, with issuer and id kept apart.',
    tests: {
      'test/hazards/client-assertion.test.ts': [
        'reuse › lets one of twenty at once through, over two nodes, and records each',
        'reuse › refuses an assertion that was used, on the other node and after a restart too',
      ],
    },
  },
  {
    id: 'S5',
    feature: 'core',
    title: 'An interaction is finished once and never written back.',
    tests: {
      'test/conformance/adapter.ts': [
        'lets exactly one of many at once finish an interaction, and never writes it back',
      ],
    },
  },
  {
    id: 'S6',
    feature: 'device',
    title: 'A device is approved by one person, and an approval never undoes a refusal.',
    tests: {
      'test/flows/device-races.test.ts': [
        'of two people who approve one device at once the first wins, and the other is told that the code was used',
        'a refusal is never undone by an approval at the same time, nor the other way round',
      ],
    },
  },
  {
    id: 'S7',
    feature: 'core',
    title: 'Consents of one person to one app that are given at once keep the scopes of both.',
    tests: {
      'test/hazards/engine.test.ts': ['S7: two consents at once to different scopes of one app are both remembered'],
    },
  },
  {
    id: 'S8',
    feature: 'core',
    title: 'A token that is issued while its grant ends does not outlive it.',
    tests: {
      'test/conformance/adapter.ts': ['refuses a token whose grant has ended meanwhile'],
      'test/oidc/refresh-schedules.test.ts': ['a logout ends what was signed in to after it had read the session'],
    },
  },
  {
    id: 'S9',
    feature: 'registration',
    title: 'A registration token is replaced once, and of two writers one is told.',
    tests: {},
  },
  {
    id: 'S10',
    feature: 'core',
    title: 'Accounts, clients and secrets made at once by many are counted exactly.',
    tests: {
      'test/accounts/accounts.test.ts': ['creating › lets one of fifty concurrent creations with one address through'],
      'test/clients/secrets.test.ts': ['secrets › there are five at most, also under concurrent additions'],
      'test/clients/clients.test.ts': [
        'creating › takes a chosen id once',
        'changing › lets one of ten writers of one version through, and loses none of those that expect no version',
      ],
    },
  },
  {
    id: 'S11',
    feature: 'second factors',
    title: 'A one-time code, a recovery code, a challenge and the counter of attempts are each taken by one statement.',
    tests: {
      'test/verification/email-code/races.test.ts': [
        'a code that a hundred present at once is one proof',
        'a link that a hundred present at once is one proof',
      ],
      'test/conformance/login-method-suite.ts': [
        'ten of the same attempt at once on two nodes count as often as they may',
      ],
      'test/sign-in/attempts.test.ts': [
        'V28, ASVS 6.3.1: a thousand guesses at once on two nodes › are as many looks at the password as may be, and the counter is exact',
      ],
      'test/hazards/passkeys.test.ts': [
        'V30: a challenge › ASVS 6.7.2: is answered once, on whichever node, however many present the answer',
      ],
    },
  },
  {
    id: 'S12',
    feature: 'core',
    title: 'A session is one row, its cookies lead to it, and what is ended stays ended.',
    tests: {
      'test/conformance/adapter.ts': [
        'finds a session by its cookie value and by its uid',
        'keeps an ended session ended, whatever a request that still has it saves',
        'lets a replaced cookie value of the same person live on for a moment, and none across a sign-in',
      ],
    },
  },
  {
    id: 'S13',
    feature: 'core',
    title: 'A token request that is refused spends nothing: its code or token is as good as before.',
    tests: {
      'test/oidc/refresh.test.ts': [
        'a repeat within the window › that is refused for its resource or scope changes nothing',
        'another client is refused, and changes nothing',
      ],
      'test/flows/scopes-and-resources.test.ts': [
        'scopes › a resource outside the grant is an invalid target, and the code stays usable',
      ],
      'test/flows/authorization-code.test.ts': ['codes › stay usable after an attempt with a wrong verifier'],
    },
  },
  {
    id: 'S14',
    feature: 'core',
    title:
      'What has expired or was spent is still known as such, so that a reuse is seen; it goes when nobody can use it.',
    tests: {
      'test/conformance/adapter.ts': ['returns expired rows as expired, so that reuse is still noticed'],
      'test/oidc/expiry.test.ts': ['removes what expired long enough ago, with what hangs on it, and nothing else'],
    },
  },
  {
    id: 'S15',
    feature: 'core',
    title: 'A grant ends with all that hangs on it and nothing else; without a name no grant is ended.',
    tests: {
      'test/conformance/adapter.ts': [
        'ends everything that hangs on a grant, and nothing else',
        'refuses to revoke without a grant, and touches no row that has none',
      ],
    },
  },
  {
    id: 'S16',
    feature: 'core',
    title: 'Idle and absolute lifetimes are judged by the clock of the database.',
    tests: {
      'test/oidc/refresh.test.ts': [
        'a token that was idle for too long is refused, and another one of its grant is not',
      ],
    },
  },
  {
    id: 'S17',
    feature: 'core',
    title: 'A dump, the files and the logs hold no secret in any form.',
    tests: {
      'test/hazards/at-rest.test.ts': [
        'a dump, the files of the data directory and the logs at level debug hold no secret of any flow',
        'the search finds every secret of every flow, in every form, where an adapter stores what it is given',
      ],
      'test/conformance/adapter.ts': ['stores no bearer value and no secret member in the clear'],
    },
  },
  {
    id: 'S18',
    feature: 'core',
    title: 'Statements that run at once lock in one order.',
    tests: {
      'test/oidc/refresh-schedules.test.ts': ['at the same moment, none waits for another that waits for it'],
    },
  },
  {
    id: 'S19',
    feature: 'mail and reset',
    title:
      'A reset, a mailed code and an invitation are each taken by one statement, and end with the address and state of the account that they were sent for.',
    tests: {
      'test/interactions/mail-races.test.ts': [
        'ASVS 6.5.1: of one code redeemed many times at once one is accepted',
        'of many new passwords sent at once with one proof one is set',
        'of two registrations of one address, both proven, one becomes the account and the other is told',
        'of one registration sent many times at once one account is made',
        'of two reset links used at once one sets the password, and the other has ended',
        'a reset link that is used while the address changes is refused',
      ],
      'test/interactions/outlived-links.test.ts': [
        'a reset that waits is refused, whether its link was opened before or not',
        'an invitation is refused',
        'when registration.mode is set to off › links of registrations and invitations end for good, also those that were opened; resets go on',
        'whoever can sign in by a passkey alone cannot be invited',
      ],
      'test/interactions/invitation.test.ts': ['sent at once by many, the form of an invitation counts once'],
    },
  },
  {
    id: 'S20',
    feature: 'registration',
    title:
      'A registration token is rotated once, and an initial access token used as often as it says, by one statement each.',
    tests: {
      'test/flows/registration/management.test.ts': [
        'of fifty changes at once over two nodes with one token one is made, and its token is the only good one',
      ],
      'test/flows/registration/initial-access-tokens.test.ts': [
        'of fifty registrations at once over two nodes with a token for seven, seven are made',
      ],
    },
  },
]
