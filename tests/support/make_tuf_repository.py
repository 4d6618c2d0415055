#!/usr/bin/env python3
"""Writes a repository of TUF 1.0 of any size, signed with Ed25519 through openssl.

usage: make_tuf_repository.py DIR [--keys DIR] [--version N] [--roots N] [--delegations N] [--targets N] [--file NAME=PATH]...

The targets that are made up are spread over the delegations in equal parts, each with SHA-256 and SHA-512 and about 300 bytes
of metadata. Files become targets of the role "targets" and stand below DIR/targets. With --keys the keys are kept for a later
version of the same repository.
"""
import argparse
import hashlib
import json
import os
import subprocess
import tempfile

EXPIRES = "2099-01-01T00:00:00Z"


def canonical(value):
    """Strings here hold nothing that canonical JSON would write in another way than this."""
    return json.dumps(value, sort_keys=True, separators=(",", ":"), ensure_ascii=False).encode()


class Key:
    """An Ed25519 key in a file that openssl reads."""

    def __init__(self, folder, name):
        self.path = os.path.join(folder, name + ".pem")
        if not os.path.exists(self.path):
            subprocess.run(["openssl", "genpkey", "-algorithm", "ed25519", "-out", self.path], check=True)
        der = subprocess.run(["openssl", "pkey", "-in", self.path, "-pubout", "-outform", "DER"], check=True,
                             capture_output=True).stdout
        self.value = {"keytype": "ed25519", "keyval": {"public": der[-32:].hex()}, "scheme": "ed25519"}
        self.id = hashlib.sha256(canonical(self.value)).hexdigest()

    def sign(self, data):
        with tempfile.NamedTemporaryFile() as file:
            file.write(data)
            file.flush()
            return subprocess.run(["openssl", "pkeyutl", "-sign", "-rawin", "-inkey", self.path, "-in", file.name],
                                  check=True, capture_output=True).stdout.hex()


def write(folder, name, body, key):
    envelope = {"signatures": [{"keyid": key.id, "sig": key.sign(canonical(body))}], "signed": body}
    data = canonical(envelope)
    with open(os.path.join(folder, name), "wb") as file:
        file.write(data)
    return {"version": body["version"], "length": len(data), "hashes": {"sha256": hashlib.sha256(data).hexdigest()}}


def role(kind, version, **members):
    return {"_type": kind, "expires": EXPIRES, "spec_version": "1.0.34", "version": version, **members}


def target(data):
    return {"hashes": {"sha256": hashlib.sha256(data).hexdigest(), "sha512": hashlib.sha512(data).hexdigest()},
            "length": len(data)}


def publish(folder, name, data):
    """Puts a file where clients look for it, by each of its hashes."""
    entry = target(data)
    parent, base = os.path.split(name)
    os.makedirs(os.path.join(folder, parent), exist_ok=True)
    for value in entry["hashes"].values():
        with open(os.path.join(folder, parent, value + "." + base), "wb") as file:
            file.write(data)
    return entry


def make_roots(folder, keys, count):
    names = ("root", "timestamp", "snapshot", "targets")
    roles = {name: {"keyids": [keys[name].id], "threshold": 1} for name in names}
    public = {keys[name].id: keys[name].value for name in names}
    for version in range(1, count + 1):
        body = role("root", version, consistent_snapshot=True, keys=public, roles=roles)
        write(folder, f"{version}.root.json", body, keys["root"])


def make_delegations(folder, key, version, count, targets):
    """The entries of the snapshot, and the delegations."""
    meta = {}
    delegated = []
    for number in range(count):
        name = f"team-{number:04}"
        prefix = f"registry.example/{name}/"
        names = [f"{prefix}service-{index:07}:1.0.0" for index in range(targets // count)]
        body = role("targets", version, targets={full: target(full.encode()) for full in names})
        meta[name + ".json"] = write(folder, f"{version}.{name}.json", body, key)
        delegated.append({"keyids": [key.id], "name": name, "paths": [prefix + "*"], "terminating": True, "threshold": 1})
    return meta, delegated


def make(arguments, keys_folder):
    folder = os.path.join(arguments.folder, "metadata")
    os.makedirs(folder)
    version = arguments.version
    keys = {name: Key(keys_folder, name) for name in ("root", "timestamp", "snapshot", "targets", "delegated")}
    make_roots(folder, keys, arguments.roots)
    meta, delegated = make_delegations(folder, keys["delegated"], version, arguments.delegations, arguments.targets)
    entries = {}
    for text in arguments.file:
        name, path = text.split("=", 1)
        with open(path, "rb") as file:
            entries[name] = publish(os.path.join(arguments.folder, "targets"), name, file.read())
    body = role("targets", version, targets=entries)
    if delegated:
        body["delegations"] = {"keys": {keys["delegated"].id: keys["delegated"].value}, "roles": delegated}
    meta["targets.json"] = write(folder, f"{version}.targets.json", body, keys["targets"])
    snapshot = write(folder, f"{version}.snapshot.json", role("snapshot", version, meta=meta), keys["snapshot"])
    write(folder, "timestamp.json", role("timestamp", version, meta={"snapshot.json": snapshot}), keys["timestamp"])


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("folder")
    parser.add_argument("--keys")
    parser.add_argument("--version", type=int, default=1)
    parser.add_argument("--roots", type=int, default=1)
    parser.add_argument("--delegations", type=int, default=0)
    parser.add_argument("--targets", type=int, default=0)
    parser.add_argument("--file", action="append", default=[])
    arguments = parser.parse_args()
    if arguments.keys:
        os.makedirs(arguments.keys, exist_ok=True)
        return make(arguments, arguments.keys)
    with tempfile.TemporaryDirectory() as keys:
        make(arguments, keys)


if __name__ == "__main__":
    main()
