#!/usr/bin/env python3
"""read_decisions.py FILE REPORT: reads a decision file by formats/snapshot.md alone and compares it with what
`gapstow trust show-snapshot --format json` says about it. Signatures are left to gapstow."""

import base64
import datetime
import hashlib
import json
import struct
import sys

SIZES = [1, 8, 32, 64, 112, 4, 8, 16, 16, 24, 16]
STRINGS, TEXTS, SHA256, SHA512, IMAGES, CHILDREN, HOLDERS, CHAINS, EXPIRIES, RELOCATIONS, TAGS = range(11)


def instant(seconds):
    return datetime.datetime.fromtimestamp(seconds, datetime.timezone.utc).strftime("%Y-%m-%dT%H:%M:%SZ")


class Decisions:
    def __init__(self, data):
        magic, form, header, body, self.version, self.made_at, self.floor = struct.unpack_from("<8sIIQQqq", data)
        assert magic == b"\x89GAPDEC\n" and form == 1 and header == 224
        self.body, self.envelope = data[:body], json.loads(data[body:])
        self.tables = [struct.unpack_from("<QQ", data, 48 + 16 * i) for i in range(11)]
        at = header
        for (offset, count), size in zip(self.tables, SIZES):
            assert offset == at
            at = (at + count * size + 7) // 8 * 8
        assert at == body

    def record(self, table, index, layout):
        offset, count = self.tables[table]
        assert index < count
        return struct.unpack_from("<" + layout, self.body, offset + index * SIZES[table])

    def records(self, table, layout):
        return [self.record(table, i, layout) for i in range(self.tables[table][1])]

    def text(self, offset, length):
        start = self.tables[STRINGS][0] + offset
        return self.body[start:start + length].decode()

    def digest(self, number):
        table, name = (SHA512, "sha512:") if number >> 31 else (SHA256, "sha256:")
        start = self.tables[table][0] + (number & 0x7FFFFFFF) * SIZES[table]
        return name + self.body[start:start + SIZES[table]].hex()

    def texts(self, first, count):
        return [self.text(*self.record(TEXTS, i, "II")) for i in range(first, first + count)]

    def image(self, fields):
        (origin_at, origin_length, repository, digest, size, *rest) = fields
        texts, runs, good_until, refused = rest[:12], rest[12:18], rest[18], rest[19:]
        media_type, rule, role, bundle, lapse, refusal = (self.text(*texts[i:i + 2]) for i in range(0, 12, 2))
        origin = self.text(origin_at, origin_length)
        assert origin[repository] == ":"
        children = [self.digest(self.record(CHILDREN, i, "I")[0]) for i in range(runs[4], runs[4] + runs[5])]
        code = self.text(*refused)
        return {"origin": origin, "digest": self.digest(digest), "mediaType": media_type, "size": size, "children": children,
                "rule": rule, "role": role or None, "keyIds": self.texts(*runs[0:2]), "signers": self.texts(*runs[2:4]),
                "bundleId": bundle, "goodUntil": None if good_until == 2**63 - 1 else instant(good_until), "lapse": lapse or None,
                "refused": {"code": code, "reason": refusal} if code else None}

    def images(self):
        return [self.image(fields) for fields in self.records(IMAGES, "IIIIQ12I6IqII")]

    def chains(self):
        return [{"gun": self.text(*gun),
                 "expires": [{"role": self.text(*role), "until": instant(until)}
                             for *role, until in (self.record(EXPIRIES, i, "IIq") for i in range(first, first + count))]}
                for *gun, first, count in self.records(CHAINS, "IIII")]

    def relocations(self):
        return [{"from": self.text(*fields[:2]), "to": self.text(*fields[2:4]),
                 "tags": [{"origin": self.text(*tag[:2]), "local": self.text(*tag[2:])}
                          for tag in (self.record(TAGS, i, "IIII") for i in range(fields[4], fields[4] + fields[5]))]}
                for fields in self.records(RELOCATIONS, "6I")]

    def holders(self):
        return {(self.digest(digest), image) for digest, image in self.records(HOLDERS, "II")}


def main():
    with open(sys.argv[1], "rb") as file:
        read = Decisions(file.read())
    with open(sys.argv[2], encoding="utf-8") as file:
        report = json.load(file)
    statement = json.loads(base64.b64decode(read.envelope["payload"]))
    assert read.envelope["payloadType"] == "application/vnd.gapstow.decisions+json"
    assert statement == {"gapstowDecisions": 1, "version": read.version, "madeAt": instant(read.made_at),
                         "clockFloor": instant(read.floor), "size": len(read.body),
                         "sha256": hashlib.sha256(read.body).hexdigest()}
    for member in ("version", "madeAt", "clockFloor"):
        assert report[member] == statement[member]
    images = read.images()
    assert [{**image, "localNames": shown["localNames"], "decision": shown["decision"]}
            for image, shown in zip(images, report["images"])] == report["images"]
    assert read.chains() == report["chains"] and read.relocations() == report["relocations"]
    assert read.holders() == {(digest, i) for i, image in enumerate(images) for digest in [image["digest"], *image["children"]]}
    print(f"{len(images)} images")


main()
