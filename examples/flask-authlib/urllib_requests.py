"""
Stands in for the package `requests` where it is not installed. Authlib's Flask client imports it, but Debian's
python3-authlib does not bring it along; what Authlib uses of it is little, and urllib can do it. Where `requests` is
installed (`apt install python3-requests`), it is used and this does nothing.
"""

import importlib.util
import json
import sys
import types
from urllib.error import HTTPError
from urllib.parse import urlencode
from urllib.request import Request, urlopen


def install_where_missing():
    if importlib.util.find_spec('requests'):
        return
    package, auth = types.ModuleType('requests'), types.ModuleType('requests.auth')
    package.Session, auth.AuthBase, package.auth = Session, AuthBase, auth
    sys.modules.update({'requests': package, 'requests.auth': auth})


class AuthBase:
    """What changes a request before it is sent, to authenticate it."""


class PreparedRequest:
    def __init__(self, method, url, headers, body):
        self.method, self.url, self.headers, self.body = method, url, headers, body


class Response:
    def __init__(self, status, headers, content):
        self.status_code, self.headers, self.content = status, headers, content

    def json(self):
        return json.loads(self.content)

    def raise_for_status(self):
        if self.status_code >= 400:
            raise OSError(f'the server answered {self.status_code}')


class Session:
    def __init__(self):
        self.headers = {}

    def __enter__(self):
        return self

    def __exit__(self, *_):
        pass

    def post(self, url, data=None, **rest):
        return self.request('POST', url, data=data, **rest)

    def request(self, method, url, data=None, headers=None, auth=None, timeout=None):
        body = urlencode(data) if data is not None else None
        prepared = PreparedRequest(method, url, {**self.headers, **(headers or {})}, body)
        if auth is not None:
            prepared = auth(prepared)
        body = None if prepared.body is None else prepared.body.encode()
        request = Request(prepared.url, data=body, headers=prepared.headers, method=prepared.method)
        try:
            with urlopen(request, timeout=timeout) as answer:
                return Response(answer.status, dict(answer.headers), answer.read())
        except HTTPError as error:
            with error:
                return Response(error.code, dict(error.headers), error.read())
