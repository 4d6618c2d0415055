#!/usr/bin/env python3
"""What gapstow emits, as YAML, TOML and JSON readers see it: check_emitted.py FOLDER DIGEST

FOLDER holds a folder for each kind. Of the objects for Kubernetes the form is checked: fields that its types have, names, and
what makes them fail closed.
"""

import base64
import json
import os
import re
import sys
import tomllib

try:
    import yaml
except ImportError:
    print("skipped: python3-yaml is not installed")
    sys.exit(77)

WEBHOOK_FIELDS = {"name", "admissionReviewVersions", "clientConfig", "failurePolicy", "matchPolicy", "namespaceSelector",
                  "reinvocationPolicy", "rules", "sideEffects", "timeoutSeconds"}
POLICY_FIELDS = {"failurePolicy", "matchConstraints", "paramKind", "validations", "variables"}
DNS_NAME = re.compile(r"[a-z0-9]([-a-z0-9.]*[a-z0-9])?")

folder, digest = sys.argv[1:]


def text(path):
    with open(os.path.join(folder, path), encoding="utf-8") as file:
        return file.read()


def documents(path):
    for part in re.split(r"^---$", text(path), flags=re.M):
        check(any(line and not line.startswith("#") for line in part.split("\n")),
              f"{path}: comments alone, which an API server takes for an object without a kind")
    return [document for document in yaml.safe_load_all(text(path)) if document is not None]


def check(condition, what):
    if not condition:
        sys.exit(f"FAILED: {what}")


def check_pem(data):
    check(b"BEGIN CERTIFICATE" in base64.b64decode(data, validate=True), "an authority that is no certificate")


def check_object(document, kind, version):
    check(document["kind"] == kind and document["apiVersion"] == version, f"{kind} is {document}")
    check(DNS_NAME.fullmatch(document["metadata"]["name"]), f"name of {kind}")


def check_rules(rules, workloads):
    resources = {resource for rule in rules for resource in rule["resources"]}
    check({"pods", "pods/ephemeralcontainers"} <= resources, "pods are not covered")
    check(("deployments" in resources) == workloads, "workloads")
    for rule in rules:
        check(set(rule["operations"]) == {"CREATE", "UPDATE"}, "operations")


def check_hooks(hooks, workloads, by_url):
    check([hook["kind"] for hook in hooks] == ["MutatingWebhookConfiguration", "ValidatingWebhookConfiguration"], "two hooks")
    for document, path in zip(hooks, ["/k8s/mutate", "/k8s/validate"]):
        check_object(document, document["kind"], "admissionregistration.k8s.io/v1")
        hook, = document["webhooks"]
        check(set(hook) <= WEBHOOK_FIELDS, f"fields of a webhook: {set(hook)}")
        check(len(hook["name"].split(".")) >= 3, "name of a webhook")
        check(hook["failurePolicy"] == "Fail" and hook["sideEffects"] == "None", "a webhook that fails open")
        check(1 <= hook["timeoutSeconds"] <= 30 and hook["admissionReviewVersions"] == ["v1"], "webhook")
        check(("reinvocationPolicy" in hook) == (path == "/k8s/mutate"), "reinvocationPolicy")
        check_rules(hook["rules"], workloads and path == "/k8s/validate")
        check_pem(hook["clientConfig"]["caBundle"])
        if by_url:
            check(hook["clientConfig"]["url"] == "https://gapstow.test:9443" + path, "url")
            check("service" not in hook["clientConfig"], "a service beside the url")
        else:
            check(hook["clientConfig"]["service"]["path"] == path, "path")
            selector, = hook["namespaceSelector"]["matchExpressions"]
            check(selector == {"key": "kubernetes.io/metadata.name", "operator": "NotIn",
                               "values": ["trust-system", "kube-system"]}, f"selector {selector}")


def check_cel(expression):
    stripped = re.sub(r"'[^']*'", "''", expression)
    for opened, closed in ("()", "[]", "{}"):
        check(stripped.count(opened) == stripped.count(closed), f"brackets of {expression}")
    check(len(expression) < 100_000, "an expression that is too long")


def check_policy(document, has_parameters):
    check_object(document, "ValidatingAdmissionPolicy", "admissionregistration.k8s.io/v1")
    spec = document["spec"]
    check(set(spec) <= POLICY_FIELDS and spec["failurePolicy"] == "Fail", "policy")
    check(("paramKind" in spec) == has_parameters, "paramKind")
    check_rules(spec["matchConstraints"]["resourceRules"], False)
    known = set()
    for variable in spec["variables"]:
        check_cel(variable["expression"])
        used = set(re.findall(r"variables\.(\w+)", variable["expression"]))
        check(used <= known, f"{variable['name']} uses {used - known} before they are there")
        known.add(variable["name"])
    for validation in spec["validations"]:
        check(set(re.findall(r"variables\.(\w+)", validation["expression"])) <= known, "validation")
    for part in ("containers", "initContainers", "ephemeralContainers", "volumes"):
        check(f"object.spec.{part}" in spec["variables"][0]["expression"], f"{part} are not looked at")


def check_binding(document, policy, has_parameters):
    check_object(document, "ValidatingAdmissionPolicyBinding", "admissionregistration.k8s.io/v1")
    spec = document["spec"]
    check(spec["policyName"] == policy and "Deny" in spec["validationActions"], "binding")
    if has_parameters:
        check(spec["paramRef"]["parameterNotFoundAction"] == "Deny", "a missing list lets everything pass")
        check(spec["paramRef"]["namespace"] == "trust-system", "namespace of the list")
    else:
        check("paramRef" not in spec, "paramRef")


def check_nodes():
    for host in ("localhost:5000", "registry.test", "_default"):
        hosts = tomllib.loads(text(f"hosts.toml/{host}/hosts.toml"))
        check(hosts["server"] == "https://gapstow.test:9443", "server")
        check(list(hosts["host"]) == [hosts["server"]], "mirrors")
        check("BEGIN CERTIFICATE" in text(f"hosts.toml/{host}/{hosts['ca']}"), "authority")
    registries = tomllib.loads(text("registries.conf/gapstow.conf"))["registry"]
    check({(entry["prefix"], entry["location"], entry.get("blocked", False)) for entry in registries} ==
          {("localhost:5000/lab/app", "gapstow.test:9443/lab/app", False), ("localhost:5000", "localhost:5000", True),
           ("registry.test", "gapstow.test:9443/registry.test", False)},
          f"registries {registries}")
    policy = json.loads(text("policy.json/policy.json"))
    check(policy["default"] == [{"type": "reject"}], "default")
    scopes = policy["transports"]["docker"]
    check({scope["type"] for scope, in scopes.values()} == {"sigstoreSigned"}, "scopes")
    remap, = scopes["registry.test/mirror/app"]
    check(remap["signedIdentity"] == {"type": "remapIdentity", "prefix": "registry.test/mirror/app",
                                      "signedPrefix": "localhost:5000/lab/app"}, "remapIdentity")
    attachments, = documents("policy.json/registries.d/gapstow.yaml")
    check("gapstow.test:9443" in attachments["docker"], "signatures of the server")


def check_api_server():
    configuration, = documents("image-policy/image-policy-configuration.yaml")
    plugin, = configuration["plugins"]
    policy = plugin["configuration"]["imagePolicy"]
    check(policy["defaultAllow"] is False, "defaultAllow")
    for name in ("allowTTL", "denyTTL"):
        check(policy[name] > 1 and policy[name] <= 1800, name)
    kubeconfig, = documents("image-policy/image-policy-kubeconfig.yaml")
    check_pem(kubeconfig["clusters"][0]["cluster"]["certificate-authority-data"])
    check(kubeconfig["clusters"][0]["cluster"]["server"].endswith("/k8s/image-review"), "server")
    check(policy["kubeConfigFile"] == "/etc/kubernetes/gapstow/image-policy-kubeconfig.yaml", "kubeConfigFile")

    check_hooks(documents("webhooks/webhooks.yaml"), True, False)
    users, = documents("webhooks/webhook-kubeconfig.yaml")
    check(users["users"][0]["name"] == "gapstow.trust-system.svc", "user")

    configuration, = documents("static-manifests/admission-configuration.yaml")
    folders = {plugin["configuration"]["staticManifestsDir"] for plugin in configuration["plugins"]}
    check(folders == {f"/srv/k8s/{each}" for each in ("mutating-webhooks", "validating-webhooks", "validating-policies")},
          f"folders {folders}")
    hooks = documents("static-manifests/mutating-webhooks/gapstow.yaml") + \
        documents("static-manifests/validating-webhooks/gapstow.yaml")
    check_hooks(hooks, False, True)
    policies = text("static-manifests/validating-policies/gapstow.yaml")
    check(all(yaml.safe_load(piece) for piece in policies.split("\n---\n")), "a piece without an object")
    policy, binding = documents("static-manifests/validating-policies/gapstow.yaml")
    check_policy(policy, False)
    check_binding(binding, policy["metadata"]["name"], False)
    check(any(digest in variable["expression"] for variable in policy["spec"]["variables"]), "the digest is not there")
    for document in [*hooks, policy, binding]:
        check(document["metadata"]["name"].endswith(".static.k8s.io"), "name of a static object")


def check_vap():
    config, policy, binding = documents("vap/policy.yaml")
    check_object(config, "ConfigMap", "v1")
    check(list(config["data"]) == ["sha256." + digest], f"data {config['data']}")
    check(all(re.fullmatch(r"[-._a-zA-Z0-9]+", key) for key in config["data"]), "keys")
    check_policy(policy, True)
    check_binding(binding, policy["metadata"]["name"], True)
    check(binding["spec"]["paramRef"]["name"] == config["metadata"]["name"], "paramRef")


check_nodes()
check_api_server()
check_vap()
