#!/usr/bin/env python3
"""Makes an OCI layout with one index of several platforms whose layers can be unpacked.

make_platforms.py FOLDER NAME PLATFORM...: prints the digest of the index, then of each platform's manifest.
"""
import hashlib
import io
import json
import os
import sys
import tarfile

folder, name, platforms = sys.argv[1], sys.argv[2], sys.argv[3:]
os.makedirs(os.path.join(folder, "blobs/sha256"))
MANIFEST = "application/vnd.oci.image.manifest.v1+json"
INDEX = "application/vnd.oci.image.index.v1+json"


def store(data, media_type, **more):
    data = data if isinstance(data, bytes) else json.dumps(data).encode()
    digest = hashlib.sha256(data).hexdigest()
    with open(os.path.join(folder, "blobs/sha256", digest), "wb") as out:
        out.write(data)
    return {"mediaType": media_type, "digest": "sha256:" + digest, "size": len(data), **more}


def layer(text):
    out = io.BytesIO()
    with tarfile.open(fileobj=out, mode="w") as tar:
        member = tarfile.TarInfo(text + ".txt")
        member.size = len(text)
        tar.addfile(member, io.BytesIO(text.encode()))
    return store(out.getvalue(), "application/vnd.oci.image.layer.v1.tar")


children = []
for platform in platforms:
    system, architecture = platform.split("/")
    layers = [layer("shared"), layer(f"{name.replace('/', '-')}-{architecture}")]
    config = store({"os": system, "architecture": architecture, "config": {},
                    "rootfs": {"type": "layers", "diff_ids": [each["digest"] for each in layers]}},
                   "application/vnd.oci.image.config.v1+json")
    children.append(store({"schemaVersion": 2, "mediaType": MANIFEST, "config": config, "layers": layers}, MANIFEST,
                          platform={"os": system, "architecture": architecture}))
index = store({"schemaVersion": 2, "mediaType": INDEX, "manifests": children}, INDEX)
entry = dict(index, annotations={"org.opencontainers.image.ref.name": name})
with open(os.path.join(folder, "index.json"), "w") as out:
    json.dump({"schemaVersion": 2, "manifests": [entry]}, out)
with open(os.path.join(folder, "oci-layout"), "w") as out:
    out.write('{"imageLayoutVersion":"1.0.0"}')
print(*[each["digest"] for each in [index, *children]])
