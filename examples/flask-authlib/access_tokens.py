"""Checks Signet's access tokens (RFC 9068) for Authlib's ResourceProtector."""

import json
import threading
import time
from urllib.request import urlopen

from authlib.oauth2 import OAuth2Error
from authlib.oauth2.rfc6749 import MissingAuthorizationError
from authlib.oauth2.rfc6750 import BearerTokenValidator, InsufficientScopeError, InvalidTokenError

from signed_tokens import TOKEN_ERRORS, check, find_key, import_keys, verify

ALGORITHMS = ['ES256', 'RS256', 'PS256', 'EdDSA']
CLOCK_TOLERANCE_SECONDS = 5


class AccessTokenValidator(BearerTokenValidator):
    """Accepts `typ: at+jwt` of one issuer for one audience, signed by a key that the issuer publishes."""

    def __init__(self, issuer, audience):
        super().__init__()
        self.keys = IssuerKeys(issuer)
        self.claims_options = {
            'iss': {'essential': True, 'value': issuer},
            'aud': {'essential': True, 'value': audience},
            **{name: {'essential': True} for name in ('exp', 'iat', 'sub', 'jti', 'client_id')},
        }

    def authenticate_token(self, token_string):
        """The claims of a valid token; InvalidTokenError (401) for any other."""
        try:
            header, claims = verify(token_string, ALGORITHMS, self.keys.find)
            # RFC 9068 section 4: an ID token, or any other JWT of the issuer, is no access token.
            if str(header.get('typ')).lower() not in ('at+jwt', 'application/at+jwt'):
                raise InvalidTokenError('The token is not an access token: its typ must be at+jwt.')
            check(claims, self.claims_options, CLOCK_TOLERANCE_SECONDS)
        except OSError as error:
            raise KeysUnavailable() from error
        except TOKEN_ERRORS as error:
            raise InvalidTokenError('The access token is not valid here.') from error
        # RFC 9449 section 7.1: a token bound to a key is worth nothing without the proof of that key.
        if 'cnf' in claims:
            raise InvalidTokenError('The access token is bound to a key and cannot be used as a bearer token.')
        return claims

    def validate_token(self, token, scopes, request):
        if self.scope_insufficient(token.get('scope', ''), scopes):
            raise ScopeMissing(scopes)


class IssuerKeys:
    """The issuer's keys: read when first needed, and for an unknown key at most once in 30 seconds."""

    def __init__(self, issuer):
        self.issuer = issuer
        self.keys = None
        self.read_at = float('-inf')
        self.lock = threading.Lock()

    def find(self, kid):
        """The key with that id. ValueError, and so a refusal, for a key that the issuer does not publish."""
        with self.lock:
            try:
                if self.keys is not None:
                    return find_key(self.keys, kid)
            except ValueError:
                if time.monotonic() - self.read_at < 30:
                    raise
            metadata = read_json(f'{self.issuer}/.well-known/openid-configuration')
            self.keys = import_keys(read_json(metadata['jwks_uri']))
            self.read_at = time.monotonic()
            return find_key(self.keys, kid)


class KeysUnavailable(OAuth2Error):
    """The issuer does not answer: that is no fault of the token."""

    error = 'temporarily_unavailable'
    description = 'The keys of the token issuer cannot be read at the moment.'
    status_code = 503


class ScopeMissing(InsufficientScopeError):
    """RFC 6750 section 3.1: 403, and the challenge names the scope that is needed."""

    def __init__(self, scopes):
        super().__init__()
        self.scopes = scopes

    def get_headers(self):
        challenge = f'Bearer error="{self.error}", scope="{" ".join(self.scopes)}"'
        return [*super().get_headers(), ('WWW-Authenticate', challenge)]


def api_protector(base):
    """Authlib's protector, except that a request without a token gets the bare challenge of RFC 6750 section 3.1."""

    class ApiProtector(base):
        def raise_error_response(self, error):
            if isinstance(error, MissingAuthorizationError):
                error.get_headers = lambda: [('Content-Type', 'application/json'), ('WWW-Authenticate', 'Bearer')]
            super().raise_error_response(error)

    return ApiProtector()


def read_json(url):
    with urlopen(url, timeout=3) as answer:
        return json.load(answer)
