#!/usr/bin/env python3
"""Makes an OCI layout with one index of two platforms, an attestation of each, and a blob that both share.

make_index.py FOLDER NAME: prints the digests of the index and of the linux/amd64 child.
"""
import hashlib
import json
import os
import sys

folder, name = sys.argv[1:]
os.makedirs(os.path.join(folder, "blobs/sha256"))


def store(data, media_type, **more):
    data = data if isinstance(data, bytes) else json.dumps(data).encode()
    digest = hashlib.sha256(data).hexdigest()
    with open(os.path.join(folder, "blobs/sha256", digest), "wb") as out:
        out.write(data)
    return {"mediaType": media_type, "digest": "sha256:" + digest, "size": len(data), **more}


LAYER = "application/vnd.oci.image.layer.v1.tar"
MANIFEST = "application/vnd.oci.image.manifest.v1+json"
shared = store(b"shared by both platforms".ljust(1024, b"\0"), LAYER)
children = []
for architecture in "amd64", "arm64":
    own = store(architecture.encode().ljust(1024, b"\0"), LAYER)
    config = store({"os": "linux", "architecture": architecture,
                    "rootfs": {"type": "layers", "diff_ids": [shared["digest"], own["digest"]]}},
                   "application/vnd.oci.image.config.v1+json")
    manifest = {"schemaVersion": 2, "mediaType": MANIFEST, "config": config, "layers": [shared, own]}
    children.append(store(manifest, MANIFEST, platform={"os": "linux", "architecture": architecture}))
for child in children[:2]:
    note = store(b'{"about":"%s"}' % child["digest"].encode(), "application/vnd.in-toto+json")
    config = store({"os": "unknown", "architecture": "unknown", "rootfs": {"type": "layers", "diff_ids": [note["digest"]]}},
                   "application/vnd.oci.image.config.v1+json")
    manifest = {"schemaVersion": 2, "mediaType": MANIFEST, "config": config, "layers": [note]}
    children.append(store(manifest, MANIFEST, platform={"os": "unknown", "architecture": "unknown"},
                          annotations={"vnd.docker.reference.digest": child["digest"],
                                       "vnd.docker.reference.type": "attestation-manifest"}))
index = store({"schemaVersion": 2, "mediaType": "application/vnd.oci.image.index.v1+json", "manifests": children},
              "application/vnd.oci.image.index.v1+json", annotations={"org.opencontainers.image.ref.name": name})
with open(os.path.join(folder, "index.json"), "w") as out:
    json.dump({"schemaVersion": 2, "manifests": [index]}, out)
with open(os.path.join(folder, "oci-layout"), "w") as out:
    out.write('{"imageLayoutVersion":"1.0.0"}')
print(index["digest"], children[0]["digest"])
