"""Signs a person in with Signet and protects an API with its access tokens: Flask and Authlib, nothing else."""

import json
import logging
import os
import secrets

import urllib_requests  # Debian's Authlib comes without the HTTP library that its Flask client wants

urllib_requests.install_where_missing()

from authlib.integrations.flask_client import OAuth, OAuthError
from authlib.integrations.flask_oauth2 import ResourceProtector
from authlib.oauth2.rfc7523 import PrivateKeyJWT
from flask import Flask, jsonify, redirect, render_template, request, session, url_for

from access_tokens import AccessTokenValidator, api_protector
from signed_tokens import import_key

ISSUER = os.environ.get('SIGNET_ISSUER', 'http://localhost:3000')
PORT = int(os.environ.get('PORT', '5000'))
API = os.environ.get('API_IDENTIFIER', f'http://localhost:{PORT}/api')
CLIENT_ID = os.environ['CLIENT_ID']
with open(os.environ.get('CLIENT_KEY', 'flask.jwk.json'), encoding='utf-8') as key_file:
    CLIENT_KEY = import_key(json.load(key_file))

# Authlib by itself names the token endpoint in the audience of its assertion; RFC 7523bis and FAPI want the issuer.
ASSERTION_AUDIENCE = ISSUER if os.environ.get('ASSERTION_AUDIENCE', 'issuer') == 'issuer' else None

app = Flask(__name__)
app.config.update(
    SECRET_KEY=os.environ.get('FLASK_SECRET_KEY') or secrets.token_bytes(32),
    # Cookies know no ports: a name of its own keeps other apps on localhost from overwriting it.
    SESSION_COOKIE_NAME='posts_session',
    SESSION_COOKIE_SAMESITE='Lax',
    JWT_CLIENT_ID=CLIENT_ID,
    JWT_CLIENT_SECRET=CLIENT_KEY,
)

oauth = OAuth(app)
oauth.register(
    'jwt',
    server_metadata_url=f'{ISSUER}/.well-known/openid-configuration',
    client_auth_methods=[PrivateKeyJWT(token_endpoint=ASSERTION_AUDIENCE, alg='ES256')],
    client_kwargs={
        'scope': 'openid profile email posts:read',
        'token_endpoint_auth_method': 'private_key_jwt',
        'code_challenge_method': 'S256',
        'default_timeout': 5,
    },
)

require_oauth = api_protector(ResourceProtector)
require_oauth.register_token_validator(AccessTokenValidator(issuer=ISSUER, audience=API))

# Tokens stay here; the browser's cookie holds a random name for them. A real app keeps them in its database.
sign_ins = {}


@app.route('/')
def index():
    signed_in = sign_ins.get(session.get('sign_in'))
    posts = None
    if signed_in:
        try:
            answer = oauth.jwt.get(url_for('get_posts', _external=True), token=signed_in['token'])
            posts = answer.json()['posts'] if answer.status_code == 200 else None
        except OAuthError:
            posts = None
        if posts is None:  # the token has expired
            forget_sign_in()
            signed_in = None
    return render_template('index.html', person=signed_in and signed_in['person'], posts=posts, issuer=ISSUER)


@app.route('/login')
def login():
    return oauth.jwt.authorize_redirect(url_for('authorize', _external=True))


@app.route('/authorize')
def authorize():
    # RFC 9207: the answer must come from the issuer that was asked.
    if request.args.get('iss') != ISSUER:
        raise OAuthError(error='invalid_request', description='The answer came from another issuer.')
    token = oauth.jwt.authorize_access_token()
    forget_sign_in()
    session['sign_in'] = secrets.token_urlsafe(32)
    sign_ins[session['sign_in']] = {'token': token, 'person': token['userinfo']}
    return redirect(url_for('index'))


@app.route('/logout', methods=['POST'])
def logout():
    signed_in = forget_sign_in()
    end_session = oauth.jwt.load_server_metadata()['end_session_endpoint']
    hint = signed_in['token']['id_token'] if signed_in else ''
    return render_template(
        'sign-out.html', end_session=end_session, hint=hint, back=url_for('index', _external=True), client_id=CLIENT_ID
    )


@app.route('/api/posts')
@require_oauth('posts:read')
def get_posts():
    return jsonify({'posts': [{'id': 1, 'title': 'First Post'}, {'id': 2, 'title': 'Second Post'}]})


@app.errorhandler(OAuthError)
def sign_in_failed(error):
    return render_template('failed.html', error=error.error, description=error.description), 400


def forget_sign_in():
    return sign_ins.pop(session.pop('sign_in', None), None)


if __name__ == '__main__':
    # Flask's development server logs whole URLs, and with them the codes in them.
    logging.getLogger('werkzeug').setLevel(logging.WARNING)
    print(f'Open http://localhost:{PORT}', flush=True)
    app.run(host='localhost', port=PORT, threaded=True)
