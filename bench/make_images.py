#!/usr/bin/env python3
"""Makes an OCI image layout for measurements: COUNT images of LAYERS layers of SIZE bytes each, or of the SIZES given.

Layers hold pseudo-random bytes, or, with --sparse, holes (zeros that take no disk space). Equal arguments give equal
bytes. Layers are not real tar files: nothing that is measured unpacks them.
"""
import argparse
import hashlib
import json
import os
import random

CONFIG = "application/vnd.oci.image.config.v1+json"
LAYER = "application/vnd.oci.image.layer.v1.tar+gzip"
MANIFEST = "application/vnd.oci.image.manifest.v1+json"
CHUNK = 4 << 20


def store(folder, data):
    digest = hashlib.sha256(data).hexdigest()
    with open(os.path.join(folder, "blobs/sha256", digest), "wb") as out:
        out.write(data)
    return {"digest": "sha256:" + digest, "size": len(data)}


def store_layer(folder, size, seed, sparse):
    temporary = os.path.join(folder, "layer.tmp")
    sha = hashlib.sha256()
    numbers = random.Random(seed)
    with open(temporary, "wb") as out:
        left = size
        while left > 0:
            count = min(CHUNK, left)
            data = bytes(count) if sparse else numbers.randbytes(count)
            sha.update(data)
            if sparse:
                out.seek(count, os.SEEK_CUR)
            else:
                out.write(data)
            left -= count
        out.truncate(size)
    os.rename(temporary, os.path.join(folder, "blobs/sha256", sha.hexdigest()))
    return {"mediaType": LAYER, "digest": "sha256:" + sha.hexdigest(), "size": size}


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("folder")
    parser.add_argument("--images", type=int, default=1)
    parser.add_argument("--layers", type=int, default=4)
    parser.add_argument("--size", type=int, default=256 << 20, help="bytes of one layer")
    parser.add_argument("--sizes", help="bytes of each layer, separated by commas; instead of --layers and --size")
    parser.add_argument("--sparse", action="store_true")
    parser.add_argument("--name", default="bench.test/image")
    args = parser.parse_args()
    sizes = [int(size) for size in args.sizes.split(",")] if args.sizes else [args.size] * args.layers
    os.makedirs(os.path.join(args.folder, "blobs/sha256"))
    entries = []
    for image in range(args.images):
        layers = [store_layer(args.folder, size + (layer if args.sparse else 0), image * 1000 + layer, args.sparse)
                  for layer, size in enumerate(sizes)]
        config = {"architecture": "amd64", "os": "linux",
                  "rootfs": {"type": "layers", "diff_ids": [layer["digest"] for layer in layers]}}
        config_descriptor = {"mediaType": CONFIG, **store(args.folder, json.dumps(config).encode())}
        manifest = {"schemaVersion": 2, "mediaType": MANIFEST, "config": config_descriptor, "layers": layers}
        descriptor = {"mediaType": MANIFEST, **store(args.folder, json.dumps(manifest).encode())}
        descriptor["annotations"] = {"org.opencontainers.image.ref.name": f"{args.name}:{image}"}
        entries.append(descriptor)
    with open(os.path.join(args.folder, "oci-layout"), "w") as out:
        out.write('{"imageLayoutVersion":"1.0.0"}')
    with open(os.path.join(args.folder, "index.json"), "w") as out:
        json.dump({"schemaVersion": 2, "manifests": entries}, out)


if __name__ == "__main__":
    main()
