#!/usr/bin/env python3
"""A Notary server of files for tests: GET of what is in a folder, under any checksum that is asked for. Only for loopback.

A path that ends in ROLE.CHECKSUM.json is answered with ROLE.json: what a server gives has nothing to do with what it was
asked for, and a client has to see that by itself. The base path may be a part of the folder, so that one server has many
repositories of the same name.
"""
import argparse
import functools
import http.server
import os
import re

CHECKSUM = re.compile(r"\.[0-9a-f]{64}\.json$")


class Handler(http.server.SimpleHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def do_GET(self):
        if self.path.endswith("/v2/"):
            self.send_response(200)
            self.send_header("Content-Length", "2")
            self.end_headers()
            self.wfile.write(b"{}")
            return
        self.path = CHECKSUM.sub(".json", self.path)
        if os.path.isdir(self.translate_path(self.path)):
            self.send_error(404)
            return
        super().do_GET()

    def log_message(self, *_):
        pass


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--port", type=int, required=True)
    parser.add_argument("--folder", required=True)
    args = parser.parse_args()
    handler = functools.partial(Handler, directory=args.folder)
    http.server.ThreadingHTTPServer(("127.0.0.1", args.port), handler).serve_forever()


main()
