#!/usr/bin/env python3
"""A token server for tests: it hands out what docker-registry and notary-server take as bearer tokens.

GET with basic credentials and the OAuth2 POST (password and refresh tokens), as in the Docker registry token
specification. A token grants of the scopes asked for what the user may do, and nothing else. Only for loopback.
"""
import argparse
import base64
import http.server
import json
import secrets
import ssl
import subprocess
import threading
import time
import urllib.parse

# docker-registry and notary-server let a token live this much longer than it says.
LEEWAY = 60
MAX_BODY = 65536


def encode(data):
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode()


def der_of(pem_file):
    lines = open(pem_file, encoding="ascii").read().split("-----BEGIN CERTIFICATE-----")[1].split("-----END")[0]
    return "".join(lines.split())


class Issuer:
    """Makes signed tokens (RS256; the certificate travels in the header)."""

    def __init__(self, args):
        self.args = args
        self.header = {"typ": "JWT", "alg": "RS256", "x5c": [der_of(args.signing_cert)]}

    def token(self, user, access):
        now = int(time.time())
        claims = {"iss": self.args.issuer, "sub": user, "aud": self.args.service, "iat": now, "nbf": now - 5,
                  "exp": now + self.args.expires - LEEWAY, "jti": secrets.token_hex(8), "access": access}
        parts = [encode(json.dumps(part, separators=(",", ":")).encode()) for part in (self.header, claims)]
        signature = subprocess.run(["openssl", "dgst", "-sha256", "-sign", self.args.signing_key],
                                   input=".".join(parts).encode(), stdout=subprocess.PIPE, check=True).stdout
        return ".".join(parts + [encode(signature)])


class Accounts:
    """Who there is, and what they may do."""

    def __init__(self, args):
        self.users = {}
        for text in args.user:
            name, password, *actions = text.split(":")
            self.users[name] = (password, set(actions[0].split(",")) if actions else {"pull", "push", "delete", "*"})
        self.anonymous = args.anonymous
        self.refresh = {}
        self.lock = threading.Lock()
        for text in args.refresh:
            token, user = text.split("=")
            self.refresh[token] = user

    def is_password(self, user, password):
        return user in self.users and secrets.compare_digest(self.users[user][0].encode(), password.encode())

    def make_refresh(self, user):
        token = secrets.token_urlsafe(24)
        with self.lock:
            self.refresh[token] = user
        return token

    def refresh_user(self, token):
        with self.lock:
            return self.refresh.get(token)

    def may(self, user, name):
        if user:
            return self.users[user][1]
        return {"pull"} if self.anonymous is not None and name.startswith(self.anonymous) else set()

    def access(self, user, scopes):
        granted = []
        for scope in scopes:
            kind, _, rest = scope.partition(":")
            name, _, actions = rest.rpartition(":")  # names hold ports
            allowed = [action for action in actions.split(",") if action in self.may(user, name)]
            if allowed:
                granted.append({"type": kind, "name": name, "actions": allowed})
        return granted


class Refused(Exception):
    pass


class Handler(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def do_GET(self):
        query = urllib.parse.parse_qs(urllib.parse.urlsplit(self.path).query)
        self.answer("GET", query, self.basic_user, "offline_token" in query)

    def do_POST(self):
        length = int(self.headers.get("Content-Length") or 0)
        if self.server.args.get_only or length > MAX_BODY:
            self.rfile.read(min(length, MAX_BODY))
            self.reply(404, {"errors": []})
            return
        form = urllib.parse.parse_qs(self.rfile.read(length).decode())
        self.answer("POST", form, lambda: self.form_user(form), form.get("access_type") == ["offline"])

    def basic_user(self):
        """The user of the Authorization header; empty for nobody."""
        value = self.headers.get("Authorization")
        if value is None:
            return ""
        kind, _, coded = value.partition(" ")
        user, _, password = base64.b64decode(coded).decode().partition(":")
        if kind.lower() != "basic" or not self.server.accounts.is_password(user, password):
            raise Refused
        return user

    def form_user(self, form):
        grant = form.get("grant_type", [""])[0]
        if grant == "password":
            user = form.get("username", [""])[0]
            if self.server.accounts.is_password(user, form.get("password", [""])[0]):
                return user
        if grant == "refresh_token":
            user = self.server.accounts.refresh_user(form.get("refresh_token", [""])[0])
            if user:
                return user
        raise Refused

    def answer(self, method, fields, find_user, wants_refresh):
        scopes = " ".join(fields.get("scope", [])).split()
        try:
            user = find_user()
            if fields.get("service", [""])[0] != self.server.args.service:
                raise Refused
        except (Refused, ValueError):
            self.note(method, "refused", scopes)
            self.reply(401, {"details": "incorrect username or password"})
            return
        self.note(method, user or "anonymous", scopes)
        token = self.server.issuer.token(user, self.server.accounts.access(user, scopes))
        document = {"access_token": token, "expires_in": self.server.args.expires,
                    "issued_at": time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime())}
        if method == "GET":
            document["token"] = token
        if user and wants_refresh and not self.server.args.get_only:
            document["refresh_token"] = self.server.accounts.make_refresh(user)
        self.reply(200, document)

    def reply(self, status, document):
        body = json.dumps(document).encode()
        self.send_response(status)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def note(self, method, user, scopes):
        """What tests look at afterwards; never a secret."""
        if self.server.args.log:
            with self.server.accounts.lock, open(self.server.args.log, "a", encoding="utf-8") as log:
                log.write(f"{method} {user} {' '.join(scopes)}\n")

    def log_message(self, *args):
        pass


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n", maxsplit=1)[0])
    parser.add_argument("--port", type=int, required=True)
    parser.add_argument("--signing-cert", required=True)
    parser.add_argument("--signing-key", required=True, help="RSA")
    parser.add_argument("--service", required=True)
    parser.add_argument("--issuer", default="test-tokens")
    parser.add_argument("--user", action="append", default=[], metavar="NAME:PASSWORD[:ACTION,…]")
    parser.add_argument("--refresh", action="append", default=[], metavar="TOKEN=NAME", help="a refresh token that is known")
    parser.add_argument("--anonymous", metavar="PREFIX", help="repositories that nobody in particular may pull")
    parser.add_argument("--expires", type=int, default=300, help="seconds that a token lives")
    parser.add_argument("--get-only", action="store_true", help="know no OAuth2")
    parser.add_argument("--tls-cert")
    parser.add_argument("--tls-key")
    parser.add_argument("--log")
    args = parser.parse_args()
    server = http.server.ThreadingHTTPServer(("127.0.0.1", args.port), Handler)
    server.daemon_threads = True
    server.args, server.issuer, server.accounts = args, Issuer(args), Accounts(args)
    if args.tls_cert:
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(args.tls_cert, args.tls_key)
        server.socket = context.wrap_socket(server.socket, server_side=True)
    server.serve_forever()


if __name__ == "__main__":
    main()
