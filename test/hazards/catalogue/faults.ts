/** F: what breaks around the server, and the tests by which it says so and comes back. */
import type { Row } from './row.ts'

export const FAULTS: readonly Row[] = [
  {
    id: 'F1',
    feature: 'core',
    title: 'PostgreSQL restarts: what was under way is refused, and nothing else.',
    tests: {
      'test/faults/database-faults.ts': ['F1'],
      'test/database/frozen.test.ts': ['after a fast restart requests succeed again without a restart of ours'],
    },
  },
  {
    id: 'F2',
    feature: 'core',
    title: 'PostgreSQL is killed: what was confirmed holds, and it goes on by itself.',
    tests: {
      'test/hazards/faults.test.ts': [
        'two processes under load survive a crash of PostgreSQL, its standstill and crashes of their own',
      ],
      'test/faults/database-faults.ts': ['F2'],
      'test/hazards/killed.test.ts': [
        'V2: refresh tokens that were rotated out or revoked stay refused after kill -9 of nodes and PostgreSQL',
      ],
      'test/embedded-postgres/embedded-postgres.test.ts': [
        'a postmaster that was killed is started again under the same URL',
      ],
    },
  },
  {
    id: 'F3',
    feature: 'core',
    title: 'One connection is killed: its transaction leaves nothing behind, and others are replaced.',
    tests: {
      'test/faults/database-faults.ts': ['F3'],
      'test/database/pool.test.ts': [
        'a connection lost under a statement is reported, and its transaction leaves nothing behind',
        'lost idle connections are replaced without an error, and logged once a second at most',
      ],
    },
  },
  {
    id: 'F4',
    feature: 'core',
    title: 'PostgreSQL stands still: 503 in time, then at once, and back by itself.',
    tests: {
      'test/hazards/faults.test.ts': [
        'two processes under load survive a crash of PostgreSQL, its standstill and crashes of their own',
      ],
      'test/faults/database-faults.ts': ['F4'],
      'test/hazards/database-away.test.ts': [
        'while PostgreSQL › is frozen, the server says so and comes back with it',
        'while PostgreSQL › is away, the server says so, logs it once a second at most, and never a bug',
      ],
      'test/database/frozen.test.ts': [
        'a frozen PostgreSQL means "cannot answer" within three seconds, then at once, and everything works after',
      ],
    },
  },
  {
    id: 'F5',
    feature: 'core',
    title: 'PostgreSQL has no connection left.',
    tests: {
      'test/faults/database-faults.ts': ['F5'],
    },
  },
  {
    id: 'F6',
    feature: 'core',
    title: 'A statement or a lock takes too long: it is ended, and nothing of it stays.',
    tests: {
      'test/faults/database-faults.ts': ['F6'],
      'test/database/pool.test.ts': [
        'a lock that another transaction holds is waited for two seconds at most',
        'a statement that takes too long is ended by PostgreSQL, and says that the database cannot answer',
      ],
    },
  },
  {
    id: 'F8',
    feature: 'core',
    title: 'PostgreSQL takes no writes.',
    tests: {
      'test/faults/database-faults.ts': ['F8'],
      'test/database/pool.test.ts': [
        'a server that became read-only is left: its connection is closed, not used again',
      ],
    },
  },
  {
    id: 'F9',
    feature: 'core',
    title: 'The disk of the database is full.',
    tests: {
      'test/faults/disk-fault.ts': ['F9'],
    },
  },
  {
    id: 'F10',
    feature: 'core',
    title: 'Two transactions wait for each other: the one that was ended is run again.',
    tests: {
      'test/faults/database-faults.ts': ['F10'],
      'test/database/pool.test.ts': ['of two transactions that deadlock, the one rolled back is run again'],
    },
  },
  {
    id: 'F11',
    feature: 'core',
    title: 'A node is killed in the middle of a request: another one serves, and the retry succeeds.',
    tests: {
      'test/hazards/faults.test.ts': [
        'two processes under load survive a crash of PostgreSQL, its standstill and crashes of their own',
      ],
      'test/faults/node-faults.ts': ['F11'],
      'test/flows/refresh-crash.test.ts': ['kill -9 of a node under concurrent refreshes'],
      'test/oidc/refresh-schedules.test.ts': [
        'whatever the order of their statements › a crash at any point of one loses and forks nothing',
      ],
    },
  },
  {
    id: 'F12',
    feature: 'core',
    title: 'A node is asked to stop: what is open is answered, nothing new is taken.',
    tests: {
      'test/faults/node-faults.ts': ['F12'],
      'test/cli/serve.test.ts': [
        'what is open is answered with Connection: close, readiness turns 503, nothing new is taken, exit code 0',
      ],
    },
  },
  {
    id: 'F13',
    feature: 'core',
    title: 'The clock of a node is wrong.',
    tests: {
      'test/faults/node-faults.ts': ['F13'],
    },
  },
  {
    id: 'F14',
    feature: 'core',
    title: 'Clients send slowly: they are ended in time, and others are served as ever.',
    tests: {
      'test/faults/client-faults.ts': ['F14'],
      'test/hazards/slow-client.test.ts': [
        'slow heads and slow bodies are ended with 408 in time, and others are served as ever',
      ],
    },
  },
  {
    id: 'F15',
    feature: 'core',
    title: 'Heads and bodies without measure: refused early, at no cost of memory.',
    tests: {
      'test/faults/client-faults.ts': ['F15'],
      'test/hazards/bad-input-http.test.ts': [
        'a malformed body › over 56 KiB is 413 with the connection closed, announced or in chunks, at every endpoint',
        'a request that is hardly HTTP › with %s is refused with a sentence',
      ],
      'test/http/body.test.ts': ['a large body › of many megabytes costs no memory'],
    },
  },
  {
    id: 'F16',
    feature: 'core',
    title: 'Input that is malformed in any way is a refusal, never a failure.',
    tests: {
      'test/faults/client-faults.ts': ['F16'],
      'test/hazards/bad-input-jose.test.ts': [
        'a forged or malformed assertion tells its sender nothing › malformed in way %# it is refused quickly, and never with a 5xx',
        'a forged or malformed assertion tells its sender nothing › mutations of a good one are refused, whatever byte is changed',
      ],
      'test/hazards/bad-input-http.test.ts': ['a malformed body › with %s is refused at every form endpoint'],
    },
  },
  {
    id: 'F17',
    feature: 'core',
    title: 'Signing keys are rotated under load: nothing fails to verify.',
    tests: {
      'test/flows/two-nodes.test.ts': [
        'a rotation of the signing keys under load on two nodes loses no request, and tokens of both keys verify',
      ],
    },
  },
  {
    id: 'F18',
    feature: 'core',
    title: 'The schema is migrated while nodes serve; a migrator that was killed stops nobody.',
    tests: {
      'test/database/migrate.test.ts': [
        'a lock row that a killed migrator left behind does not stop the next',
        'a step waits for a busy table in short turns, and is taken when the table is free',
        'a schema that a newer release extended is served, one that it made incompatible is refused in a sentence',
      ],
    },
  },
  {
    id: 'F19',
    feature: 'core',
    title: 'What has expired is removed without touching what has not.',
    tests: {
      'test/oidc/expiry.test.ts': ['removes what expired long enough ago, with what hangs on it, and nothing else'],
    },
  },
  {
    id: 'F20',
    feature: 'core',
    title: 'A thousand tabs refresh at once.',
    tests: {
      'test/faults/client-faults.ts': ['F20'],
      'test/oidc/refresh.test.ts': ['a crowd of refreshes of one token at once gives one successor to all'],
    },
  },
  {
    id: 'F21',
    feature: 'core',
    title: 'More people sign in at once than can be hashed for: the rest is told to come back.',
    tests: {
      'test/sign-in/hashing.test.ts': [
        'a rush › of more hashes than may wait is refused for the rest, and the others are answered in their order',
      ],
      'test/interactions/edges.test.ts': [
        'too many sign-ins at once are told so with 503 and Retry-After, and keep the address that was typed',
      ],
    },
  },
  {
    id: 'F22',
    feature: 'core',
    title: 'A host that keys are fetched from hangs: the last good ones serve, and nobody waits long.',
    tests: {
      'test/faults/client-faults.ts': ['F22'],
      'test/hazards/outgoing.test.ts': ['V34: a host that %s is given up after two seconds'],
      'test/flows/jwks-uri.test.ts': ['goes on with the last good keys while their host is down'],
    },
  },
  {
    id: 'F24',
    feature: 'core',
    title: 'The network to the database is cut without a word.',
    tests: {
      'test/faults/database-faults.ts': ['F24'],
      'test/database/notify.test.ts': [
        'after the connection was lost it listens again on all channels and says that something may be missed',
      ],
      'test/flows/two-nodes.test.ts': ['with the notifications cut, a change is obeyed within the stated age'],
    },
  },
]
