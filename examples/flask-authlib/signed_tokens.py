"""
Keys and signed tokens with the library that the installed Authlib uses: joserfc in newer releases, `authlib.jose` in
older ones.
"""

from authlib.oauth2.rfc7523 import auth as client_authentication

if hasattr(client_authentication, 'ECKey'):  # this Authlib signs with keys of joserfc
    from joserfc import jwt
    from joserfc.errors import InvalidKeyIdError, JoseError
    from joserfc.jwk import KeySet, import_key

    def import_keys(document):
        return KeySet.import_key_set(document)

    def find_key(keys, kid):
        """The key with that id; ValueError when there is none."""
        try:
            return keys.get_by_kid(kid or '')
        except InvalidKeyIdError as error:
            raise ValueError('no such key') from error

    def verify(text, algorithms, key_of):
        """The header and the claims of a token with a valid signature; `key_of` finds the key by its id."""
        token = jwt.decode(text, lambda signed: key_of(signed.headers().get('kid')), algorithms=algorithms)
        return token.header, token.claims

    def check(claims, options, leeway):
        jwt.JWTClaimsRegistry(leeway=leeway, **options).validate(claims)

else:
    from authlib.jose import JsonWebKey, JsonWebToken, JWTClaims
    from authlib.jose.errors import JoseError

    def import_key(document):
        return JsonWebKey.import_key(document)

    def import_keys(document):
        return JsonWebKey.import_key_set(document)

    def find_key(keys, kid):
        """The key with that id; ValueError when there is none."""
        return keys.find_by_kid(kid)

    def verify(text, algorithms, key_of):
        """The header and the claims of a token with a valid signature; `key_of` finds the key by its id."""
        claims = JsonWebToken(algorithms).decode(text, lambda header, payload: key_of(header.get('kid')))
        return claims.header, dict(claims)

    def check(claims, options, leeway):
        JWTClaims(claims, {}, options).validate(leeway=leeway)


# What `verify` and `check` raise for an invalid token.
TOKEN_ERRORS = (JoseError, ValueError, TypeError)

__all__ = ['TOKEN_ERRORS', 'check', 'find_key', 'import_key', 'import_keys', 'verify']
