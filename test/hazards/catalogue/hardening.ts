/** H: what hardens requests, answers and tokens: request objects, signed answers, keys that tokens are bound to. */
import type { Row } from './row.ts'

export const HARDENING: readonly Row[] = [
  {
    id: 'H1',
    feature: 'request objects',
    title: 'A request object with a `jti` gives one answer, over all nodes (RFC 9101 §10.1).',
    tests: {
      'test/hazards/once.test.ts': [
        'H1: a request object with a jti gives one code, or is pushed once, when fifty use it at once',
      ],
      'test/flows/request-objects.test.ts': [
        'a request object › can be loaded again until it is answered, and gives one answer',
        'a request object › is pushed once, and not used in a URL after that',
      ],
    },
  },
  {
    id: 'H2',
    feature: 'request objects',
    title:
      'Where there is a request object nothing beside it counts, and nothing of one that is refused (RFC 9101 §5, §6.3).',
    tests: {
      'test/flows/request-objects.test.ts': [
        'a request object › is all that counts: a parameter beside it is as if it were not sent',
        'is refused at both endpoints, with its fault and without its redirect address: › %s',
      ],
    },
  },
  {
    id: 'H3',
    feature: 'request objects',
    title: 'A request object is signed by its client, for this server, now; it is never fetched (RFC 9101 §10).',
    tests: {
      'test/flows/request-objects.test.ts': [
        'is refused at both endpoints, with its fault and without its redirect address: › %s',
        'is refused at both endpoints, with its fault and without its redirect address: › an unsigned one or an encrypted one, also of a client that is registered for no algorithm',
        'is refused at both endpoints, with its fault and without its redirect address: › one that another key has signed',
        'is refused at both endpoints, with its fault and without its redirect address: › for fapi2 one without exp or nbf, or of an hour and more',
        'a request object › does not come from an address of the client',
      ],
    },
  },
  {
    id: 'H4',
    feature: 'core',
    title: 'A signed answer has everything inside, errors too, for one client and two minutes (JARM §2).',
    tests: {
      'test/flows/jwt-response-modes.test.ts': [
        '%s carries the whole answer signed, for two minutes, and nothing beside it',
        'an error is signed too › by %s, with our sentence inside and none beside it',
        'an error is signed too › by form_post.jwt, with status 400',
      ],
    },
  },
  {
    id: 'H5',
    feature: 'introspection',
    title: 'A signed introspection answer is for its caller alone and can be used as no token (RFC 9701 §5, §8.1).',
    tests: {
      'test/flows/jwt-introspection.test.ts': [
        'a signed answer is for the caller alone, can be no token, and says of an unknown one that it is not active',
      ],
    },
  },
  {
    id: 'H6',
    feature: 'DPoP',
    title: 'A nonce of one node is taken by all, and a code is bound to the key of its request for public clients too.',
    tests: {
      'test/flows/dpop-for-everybody.test.ts': [
        'a nonce that one server gave is taken by the other, which gives the same',
        'dpop_bound_access_tokens › of a %s client: no token without a proof',
        'dpop_jkt › at the authorization endpoint binds the code of a browser app to its key',
      ],
    },
  },
  {
    id: 'H7',
    feature: 'core',
    title:
      'A `Client-Cert` header counts from trusted proxies alone, and a name in it only where they verify it (RFC 9440 §4).',
    tests: {
      'test/flows/client-cert-header.test.ts': [
        'from anybody else it is as if it were not sent',
        'a trusted proxy passes on certificates by the header alone: that of its own connection is not its client',
        'of a trusted proxy › it counts as verified only where the server is told so',
        'of a trusted proxy › it is refused when it is %s',
      ],
      'test/flows/mutual-tls.test.ts': ['tls_client_auth › a header is no certificate, whoever sends it'],
    },
  },
  {
    id: 'H8',
    feature: 'core',
    title:
      'A certificate is of a known authority, valid now and has the registered name, or is registered itself (RFC 8705 §2).',
    tests: {
      'test/flows/mutual-tls.test.ts': [
        'tls_client_auth › takes a certificate of the authority with the name %j, and no other',
        'tls_client_auth › refuses a missing certificate, one of another authority, and one whose time is over',
        'self_signed_tls_client_auth › takes the certificates that are registered, whoever signed them, and no other of the same name',
        'self_signed_tls_client_auth › a certificate whose key was revoked is refused',
        'self_signed_tls_client_auth › a renewed certificate at jwks_uri is taken at once, and the old one is not any more',
      ],
      'test/clients/certificates.test.ts': [
        'the subject of a certificate › cannot hold a second name in the value of a first',
        'an alternative name cannot hold one of another kind',
      ],
    },
  },
  {
    id: 'H9',
    feature: 'core',
    title:
      'A token that is bound to a certificate is of no use without it, to refresh, at userinfo and at an API (RFC 8705 §3).',
    tests: {
      'test/flows/certificate-bound-tokens.test.ts': [
        'tokens that are bound to a certificate › say so, whatever the client authenticates by, and are told by introspection',
        'tokens that are bound to a certificate › of a public client: the refresh token and userinfo need the certificate too',
      ],
      'test/resource-server/client-certificate.test.ts': [
        'a token that is bound to a certificate › is refused with another one, without one, and by an API that looks at none',
      ],
    },
  },
  {
    id: 'H10',
    feature: 'core',
    title: 'No browser is asked for a certificate: the origin for them serves what programs call, and nothing else.',
    tests: {
      'test/flows/mutual-tls.test.ts': [
        'the origin for certificates › serves what clients call, and nothing else',
        'the origin for certificates › a DPoP proof names the address that was called there',
        'tls_client_auth › is not taken with a certificate that the ordinary listener never asks for',
      ],
    },
  },
  {
    id: 'H11',
    feature: 'core',
    title:
      'Authorization details are what their schema allows, the person has read and no more, for one API (RFC 9396 §6, §11).',
    tests: {
      'test/flows/authorization-details.test.ts': [
        'refused, at both endpoints: › %s',
        'at consent › they are said in the words of their schema, all of them, under their API',
        'at consent › a value cannot disguise itself or what stands beside it',
        'tokens › each carries the details for its own API, in the answer, the JWT and at introspection',
        'tokens › a token request may name less than was granted, and not more',
        'tokens › the API follows from those of the token request, and must be that of the token',
        'refused, at both endpoints: › an API that the client may not ask for',
      ],
      'test/resources/authorization-details.test.ts': [
        'a type › has a name in words and a schema that is checked in full',
      ],
    },
  },
  {
    id: 'H12',
    feature: 'core',
    title:
      'An answer that is encrypted for a client never goes out unencrypted, whatever fails (JARM §2.2, RFC 9701 §5).',
    tests: {
      'test/flows/encrypted-answers.test.ts': [
        'authorization answers › are signed, then encrypted by %s and %s, in the mode %s',
        'authorization answers › that cannot be encrypted are a page for the person, and the app gets nothing',
        'introspection answers › are never plain where encryption is registered',
        'introspection answers › that cannot be encrypted are refused',
      ],
      'test/flows/encryption.test.ts': [
        'keys at a jwks_uri › that cannot be fetched, or hold none that fits, refuse the request, and the code still works afterwards',
      ],
    },
  },
  {
    id: 'H13',
    feature: 'core',
    title: 'An empty secret is no secret: it names a public client, and authenticates no other (RFC 6749 §2.3.1).',
    tests: {
      'test/flows/empty-secret.test.ts': [
        'at %s › a client of %s is refused, and told its method',
        'at %s › an unknown client is told nothing',
        'beside %s it is refused',
      ],
      'test/flows/mutual-tls.test.ts': [
        'tls_client_auth › is not taken with an empty secret, which only public clients may send',
      ],
    },
  },
  {
    id: 'H14',
    feature: 'core',
    title:
      'A certificate of an authority that was removed counts no more, on connections and in TLS sessions of before.',
    tests: {
      'test/flows/mutual-tls.test.ts': [
        'the file of authorities is read again when it changes, also for open connections; one without certificates is not used',
        'the origin for certificates › resumes no session, which would bring back a certificate of before',
      ],
    },
  },
]
