#!/usr/bin/env python3
"""samples/kubernetes hangs together: check_samples.py FOLDER HELP

HELP is what `gapstow serve --help` prints. On standard output come the arguments of the Deployment, one a line.
"""

import os
import re
import sys

try:
    import yaml
except ImportError:
    print("skipped: python3-yaml is not installed")
    sys.exit(77)

folder, help_file = sys.argv[1:]


def check(condition, what):
    if not condition:
        sys.exit(f"FAILED: {what}")


def load(name):
    with open(os.path.join(folder, name), encoding="utf-8") as file:
        return [document for document in yaml.safe_load_all(file) if document]


kustomization, = load("kustomization.yaml")
objects = {}
for name in kustomization["resources"]:
    for document in load(name):
        key = (document["kind"], document["metadata"]["name"])
        check(key not in objects, f"{key} twice")
        objects[key] = document
namespace = objects[("Namespace", "gapstow-system")]["metadata"]["name"]
for (kind, name), document in objects.items():
    if kind not in ("Namespace", "PersistentVolume"):
        check(document["metadata"]["namespace"] == namespace, f"namespace of {kind} {name}")

deployment = objects[("Deployment", "gapstow")]["spec"]
pod = deployment["template"]["spec"]
labels = deployment["template"]["metadata"]["labels"]
check(deployment["replicas"] == 3 and deployment["selector"]["matchLabels"] == labels, "replicas and labels")
for kind, name in (("Service", "gapstow"), ("Service", "gapstow-registry")):
    check(objects[(kind, name)]["spec"]["selector"] == labels, f"selector of {name}")
for kind, part in (("PodDisruptionBudget", "selector"), ("NetworkPolicy", "podSelector")):
    check(objects[(kind, "gapstow")]["spec"][part]["matchLabels"] == labels, f"selector of {kind}")
check(objects[("PodDisruptionBudget", "gapstow")]["spec"]["minAvailable"] < deployment["replicas"], "nodes cannot be drained")
anti, = pod["affinity"]["podAntiAffinity"]["requiredDuringSchedulingIgnoredDuringExecution"]
check(anti["labelSelector"]["matchLabels"] == labels and anti["topologyKey"] == "kubernetes.io/hostname", "anti-affinity")
check(("ServiceAccount", pod["serviceAccountName"]) in objects, "service account")
check(pod["automountServiceAccountToken"] is False and pod["securityContext"]["runAsNonRoot"] is True, "rights")

container, = pod["containers"]
context = container["securityContext"]
check(context["readOnlyRootFilesystem"] and not context["allowPrivilegeEscalation"], "rights of the container")
check(context["capabilities"] == {"drop": ["ALL"]}, "capabilities")
volumes = {volume["name"]: volume for volume in pod["volumes"]}
mounts = {mount["name"]: mount for mount in container["volumeMounts"]}
check(set(volumes) == set(mounts) and all(mount["readOnly"] for mount in mounts.values()), "volumes")
claim = volumes["bundles"]["persistentVolumeClaim"]["claimName"]
check(("PersistentVolumeClaim", claim) in objects, "claim of the bundles")
with open(os.path.join(folder, "README.md"), encoding="utf-8") as file:
    readme = file.read()
for volume in volumes.values():
    if "configMap" in volume:
        check(f"create configmap {volume['configMap']['name']} " in readme, f"{volume} is not made")
    if "secret" in volume:
        check(f"create secret tls {volume['secret']['secretName']} " in readme, f"{volume} is not made")

ports = {port["name"]: port["containerPort"] for port in container["ports"]}
for name in ("gapstow", "gapstow-registry"):
    for port in objects[("Service", name)]["spec"]["ports"]:
        check(port["targetPort"] in ports, f"port of {name}")
for port in objects[("NetworkPolicy", "gapstow")]["spec"]["ingress"][0]["ports"]:
    check(port["port"] in ports, "port of the network policy")
for probe in ("startupProbe", "livenessProbe", "readinessProbe"):
    check(container[probe]["httpGet"]["port"] == "status", probe)

with open(help_file, encoding="utf-8") as file:
    options = set(re.findall(r"--([a-z-]+)", file.read()))
arguments = container["args"]
check(arguments[0] == "serve", "command")
for argument in arguments[1:]:
    if argument.startswith("--"):
        option, _, value = argument[2:].partition("=")
        check(option in options, f"--{option} is no option of serve")
        if option in ports:
            check(value == f":{ports[option]}", f"{option} listens elsewhere")
    if "/" in argument:
        path = argument.partition("=")[2] or argument
        known = any(path == mount["mountPath"] or path.startswith(mount["mountPath"] + "/") or
                    mount["mountPath"].startswith(path + "/") for mount in mounts.values())
        check(known or path == "/var/lib/gapstow/state.db", f"{path} is not mounted")

for hook in (document["webhooks"][0] for document in load("webhooks.yaml")):
    service = hook["clientConfig"]["service"]
    check(("Service", service["name"]) in objects and service["namespace"] == namespace, "service of the webhooks")
    check(any(port["port"] == service["port"] for port in objects[("Service", service["name"])]["spec"]["ports"]), "port")
    check(namespace in hook["namespaceSelector"]["matchExpressions"][0]["values"], "own namespace")
print("\n".join(arguments))
