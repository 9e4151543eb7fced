/** X: what a stranger can use up without signing in, and whom that stops. */
import type { Row } from './row.ts'

export const STRANGERS: readonly Row[] = [
  {
    id: 'X1',
    feature: 'core',
    title: 'A stranger who guesses, or sends what cannot be guessed, locks out nobody at the same address.',
    tests: {
      'test/interactions/office.test.ts': [
        'of guesses at once on two processes, as many are checked as the address has left',
        'answers of providers that nobody asked for stop no sign-in',
        'where strangers used up what the address has › a browser that the person is known in signs in, and then there is room for others',
        'where strangers used up what the address has › a code by mail is redeemed where the person is known',
      ],
      'test/sign-in/budgets.test.ts': [
        'a full bucket takes one more a minute, and a refused attempt counts nowhere',
        'where the bucket of the address is full › a passkey signs in, and refused ones count nowhere',
        'where the bucket of the address is full › mails can be asked for, and mails asked for stop no sign-in',
      ],
    },
  },
  {
    id: 'X2',
    feature: 'core',
    title: 'Whoever owns accounts cannot keep the count of their address low while they guess at others.',
    tests: {
      'test/sign-in/budgets.test.ts': [
        'a success › takes back its own count and 20 more, the latter once an hour for each account',
        'a success › of many accounts at once takes back at most 100 more an hour for an address',
        'a success › of one account at once on two nodes takes back 20 once',
      ],
    },
  },
  {
    id: 'X3',
    feature: 'core',
    title: 'An overload while a proof is checked takes back one attempt and clears nothing.',
    tests: {
      'test/sign-in/attempts.test.ts': [
        'an attempt that an overload leaves unchecked › takes back its own count and leaves the others',
        'an attempt that an overload leaves unchecked › leaves the wait of a later attempt, one step shorter',
      ],
    },
  },
  {
    id: 'X4',
    feature: 'core',
    title: 'Bodies that do not come, crowds and those who left hold up nobody, and the queue of pages is bounded.',
    tests: {
      'test/http/pacing.test.ts': [
        'the queue › is joined once the body is there, so bodies that do not come (%s) hold up nobody',
        'the queue › does not wait for the rest of a body that is too large',
        'the queue › is bounded: who comes when it is full is told to come back',
        'the queue › is left by those who disconnect',
      ],
    },
  },
  {
    id: 'X5',
    feature: 'core',
    title: 'A password that takes long to measure holds up nobody.',
    tests: {
      'test/sign-in/password-policy.test.ts': [
        'a new password › is measured beside the event loop, which goes on meanwhile',
        'a new password › of which too many come at once is put off with 503',
      ],
    },
  },
  {
    id: 'X20',
    feature: 'core',
    title:
      'Client documents of strangers are fetched once for all nodes, rarely, and never because of an image or prefetch.',
    tests: {
      'test/flows/client-documents.test.ts': [
        'fifty requests at two servers fetch a document once, and once more when it is due',
        'with an open resource › an image or a prefetch of another page fetches no document',
      ],
      'test/clients/document-fetching.test.ts': [
        'fetching › pauses after a document that could not be used, on every node',
        'fetching › of unknown documents is limited for each host',
        'fetching › of unknown documents uses up the budget of the network that causes it',
      ],
      'test/clients/documents.test.ts': [
        'a document that nobody allowed anything goes a day later, and one that somebody uses stays',
      ],
    },
  },
  {
    id: 'X21',
    feature: 'core',
    title: 'A client document gives no rights: only open scopes, after consent, and nothing that administrators set.',
    tests: {
      'test/clients/document-metadata.test.ts': [
        'a document › makes a client with the least rights, and tells the audit log',
      ],
      'test/clients/documents.test.ts': [
        'who is accepted › is none whose address is that of a resource',
        'who is accepted › is none that an administrator deleted',
      ],
      'test/flows/client-documents.test.ts': [
        'with an open resource › %s are refused at the app, with iss',
        'with an open resource › an app with keys authenticates with those of its document',
      ],
    },
  },
  {
    id: 'X22',
    feature: 'core',
    title: 'Consent to an app does not count for the app that its document describes later.',
    tests: {
      'test/flows/client-documents.test.ts': [
        'a document that changes › asks consent anew, for everything, while its tokens go on',
        'a document that changes › asks anew whoever had the page of before open',
        'a document that changes › no longer leads to a redirect URI that it gave up',
      ],
    },
  },
  {
    id: 'X30',
    feature: 'logout notices',
    title: 'An app that does not answer its logout tokens holds up no sign-out, and no other app.',
    tests: {
      'test/flows/backchannel-logout-delivery.test.ts': [
        'a sign-out is answered while an app still thinks about its logout token',
        'an app that does not answer is left alone for a moment, so that it does not hold up the others',
      ],
    },
  },
  {
    id: 'X31',
    feature: 'logout notices',
    title:
      'However often a session is ended, and whichever node dies meanwhile, an app learns of it once, or by the same jti.',
    tests: {
      'test/flows/backchannel-logout.test.ts': [
        'fifty endings of one session at once, over two servers, send each app one logout token',
      ],
      'test/flows/backchannel-logout-crash.test.ts': [
        'a node that is killed during a delivery leaves it to the next, with the same jti',
        'what waited in a restored database is not sent',
      ],
      'test/flows/session-ids.test.ts': [
        'requests of an app at once, over two servers, in a session that has not seen it yet get one sid',
      ],
    },
  },
  {
    id: 'X6',
    feature: 'registration',
    title: 'Whoever registers clients without an administrator is bounded and distrusted, and nothing of them stays.',
    tests: {
      'test/flows/registration/open.test.ts': [
        'open › an address registers some clients at once, then is asked to wait; others are not concerned',
        'open › nobody gets an answer for such an app without a click, though consent is remembered',
      ],
      'test/flows/registration/native.test.ts': ['the consent page says that nobody has verified the app'],
      'test/flows/registration/coalescing.test.ts': [
        'of fifty identical registrations at once over two nodes comes one client, which nobody can manage',
        'what an administrator disabled or deleted is not born again',
        'a registration that waits for the deletion of its client is refused',
      ],
      'test/flows/registration/collection.test.ts': [
        'what nobody used in the time of the setting is removed, is told invalid_client, and registers anew',
        'one that somebody has allowed something stays, and loses the consent with a new life',
      ],
    },
  },
  {
    id: 'X40',
    feature: 'device',
    title: 'Codes of devices cannot be guessed, and guessing them or asking for them stops nobody else.',
    tests: {
      'test/interactions/device-code.test.ts': [
        'guessing › is refused after fifty codes of an address, also for a right one; other addresses and sign-ins go on',
        'guessing › by a signed-in person is counted for them alone, and right codes do not clear the count',
        'what strangers can have written › is bounded: beyond the budget of an address a public device gets no codes, another address does',
      ],
      'test/flows/device-polling.test.ts': [
        'of fifty polls at once over two nodes one is in time',
        'polls of a device that waits are not audited, as they refuse nothing, and are counted',
        'a device that never waits causes a few writes, and is answered once it does',
        'a device whose code has expired is told so, until it is removed some minutes later',
      ],
    },
  },
  {
    id: 'X41',
    feature: 'CIBA',
    title: 'Only a signed-in person decides a sign-in request, by a form and once; no app can fill their mailbox.',
    tests: {
      'test/account-portal/requests.test.ts': [
        'the link of a mail › tells a stranger nothing, and leads through the sign-in to the request',
        'the link of a mail › approves nothing, whoever opens it how often, also with a decision in its query',
        'a decision › that no page of this session made changes nothing',
        'a decision › is made once, however many tabs make one at the same time on two servers',
        'the same page says that it is over › for a request of another person, as for one that never was; and that person can still answer',
      ],
      'test/mail/sign-in-requests.test.ts': [
        'a person who is asked › gets six within an hour, however many requests come at once; mails with codes come all the same',
        'a request with a hint that fits nobody › sends no mail to the address in the hint, and is answered as any other',
      ],
    },
  },
  {
    id: 'X42',
    feature: 'CIBA',
    title: 'No app learns from its requests who has an account, and none can flood a person with them.',
    tests: {
      'test/flows/ciba.test.ts': [
        'who is meant › a hint that fits nobody is answered as any other, and waits until it expires',
        'who is meant › the limit of requests that wait for one person counts the same for nobody',
        'who is meant › an account that is disabled is nobody',
      ],
      'test/flows/ciba-cost.test.ts': ['a request takes the same statements whether its hint fits somebody or nobody'],
      'test/flows/ciba-races.test.ts': ['fifty requests for one person at once store as many as may wait'],
    },
  },
  {
    id: 'X43',
    feature: 'CIBA',
    title: 'A request is decided once, redeemed once and notified once, over all nodes, whichever of them dies.',
    tests: {
      'test/flows/ciba-races.test.ts': [
        'an approved request that is redeemed fifty times at once gives tokens once, and they stay good',
        'a client that polls fifty times while its person approves gets tokens once, and they stay good',
        'of fifty polls at once over two nodes one is in time',
        'fifty approvals and refusals at once decide once, and notify the app once',
        'an account that is disabled while its person approves keeps no access',
      ],
      'test/flows/ciba.test.ts': [
        'the answer › a second redemption is refused quietly for some seconds, and later ends the grant',
      ],
      'test/flows/ciba-crash.test.ts': [
        'a node that is killed during a notification leaves it to the next, and the tokens are there',
      ],
    },
  },
  {
    id: 'X44',
    feature: 'CIBA',
    title: 'A notification goes to the registered address alone, and what it carries is sealed until then.',
    tests: {
      'test/flows/ciba-ping.test.ts': [
        'V34: an address in a private network is not notified',
        'a redirect is not followed, and after three attempts the notification is given up',
        'neither the notification token nor the request id is in the database or the outbox in the clear',
      ],
    },
  },
  {
    id: 'X45',
    feature: 'CIBA',
    title: 'By trying user codes, no app learns who has an account or a code, and none locks a person out.',
    tests: {
      'test/flows/ciba-user-code.test.ts': [
        'without a code nobody is asked, and the answer is the same for everybody',
        'a wrong code, a person without one, one who is disabled and nobody get the same answer',
        'a client that is not registered for codes asks without one, and cannot try one',
        'guesses of a client are limited, the same for nobody; other clients and the sign-in of the person are not',
        'a client that is wrong about many people waits too',
      ],
      'test/flows/ciba-cost.test.ts': ['a request takes the same statements whether its hint fits somebody or nobody'],
      'test/flows/ciba-races.test.ts': [
        'fifty guesses of a user code at once are checked as often as the limit allows, and other clients are heard',
      ],
    },
  },
]
