#include "gapstow/base/atomic_file.h"
#include "gapstow/base/error.h"
#include "gapstow/base/text.h"
#include "gapstow/cluster/emit.h"
#include "gapstow/serve/decisions.h"
#include "options.h"
#include "table.h"
#include "verify_together.h"

namespace gapstow::cli {
namespace {

using base::Error;
using base::ErrorCode;
using cluster::EmittedFile;

constexpr std::uint64_t kMaxPemBytes = 1ULL << 20;

/// What the bundles prove here and now. Images that a rule refuses are left out, with a line that says so.
std::shared_ptr<const enforce::Snapshot> decisions_of_bundles(const std::vector<std::string>& paths, base::Time now,
                                                              const Arguments& arguments, Terminal& terminal) {
  const auto store = load_trust_store(arguments, terminal.fs);
  const auto state = trust::State::open_existing(state_path(arguments));
  const auto outcomes = verify_together(paths, store, state.get(), arguments, terminal);
  const auto floor = state != nullptr ? state->clock_floor() : std::nullopt;
  const auto content = serve::decisions_of(outcomes, store, {1, {now.seconds, 0}, floor});
  return enforce::Snapshot::own(enforce::write_snapshot(content));
}

std::vector<cluster::ProvenImage> proven_images(const std::vector<std::string>& bundles, const Arguments& arguments,
                                                Terminal& terminal) {
  const auto file = arguments.value("snapshot");
  if (file.has_value() != bundles.empty()) {
    throw Error(ErrorCode::usage, "the images come from BUNDLE... or from --snapshot FILE, one of both");
  }
  const base::Time now = arguments.time("at").value_or(terminal.clock.now());
  const auto decisions = file ? enforce::Snapshot::open(*file, load_trust_store(arguments, terminal.fs).operators)
                              : decisions_of_bundles(bundles, now, arguments, terminal);
  auto images = cluster::proven_images(*decisions, now);
  if (const std::size_t left_out = decisions->images() - images.size(); left_out > 0) {
    terminal.messages << "gapstow: " << left_out << " of " << decisions->images()
                      << " images are refused or have lapsed, and are left out\n";
  }
  if (images.empty()) {
    throw Error(ErrorCode::denied, "no image may run, so there is nothing to accept",
                "gapstow verify says why of each image");
  }
  return images;
}

/// A PEM file whose content goes into what is emitted; a private key never does.
std::string public_pem(const Arguments& arguments, std::string_view option, std::string_view label, base::ReadFs& fs) {
  const auto path = arguments.value(option);
  if (!path) return {};
  const auto bytes = base::read_file(fs, *path, kMaxPemBytes);
  std::string text(base::as_text(bytes));
  if (text.find("PRIVATE KEY") != std::string::npos) {
    throw Error(ErrorCode::usage, *path + " holds a private key, which belongs into no emitted file");
  }
  if (text.find("-----BEGIN " + std::string(label) + "-----") == std::string::npos) {
    throw Error(ErrorCode::malformed, *path + " holds no " + std::string(label) + " in PEM");
  }
  return text;
}

std::string border_key(const Arguments& arguments, base::ReadFs& fs) {
  std::string pem = public_pem(arguments, "border-key", "PUBLIC KEY", fs);
  if (!pem.empty() && sign::PublicKey::from_pem(pem).type() != sign::KeyType::ecdsa_p256) {
    throw Error(ErrorCode::unsupported, "readers of border signatures know P-256 keys only",
                "gapstow key generate border --algorithm p256");
  }
  return pem;
}

enforce::TagPolicy tag_policy(const Arguments& arguments) {
  const std::string tags = arguments.value_or("tags", "demand");
  if (tags == "accept") return enforce::TagPolicy::accept;
  if (tags == "demand") return enforce::TagPolicy::demand;
  throw Error(ErrorCode::usage, "--tags takes demand or accept, not '" + tags + "'");
}

/// Names of Kubernetes objects, which become parts of host names and paths.
std::string label_of(std::string name, std::string_view what) {
  constexpr std::string_view kLetters = "abcdefghijklmnopqrstuvwxyz0123456789-";
  if (name.empty() || name.size() > 63 || name.find_first_not_of(kLetters) != std::string::npos ||
      name.front() == '-' || name.back() == '-') {
    throw Error(ErrorCode::usage, "'" + name + "' is no name of a Kubernetes " + std::string(what));
  }
  return name;
}

cluster::EmitSite site_of(const Arguments& arguments, base::ReadFs& fs) {
  cluster::EmitSite site;
  site.server = arguments.value_or("server", "");
  site.ca = public_pem(arguments, "ca-file", "CERTIFICATE", fs);
  site.border_key = border_key(arguments, fs);
  site.every_registry = arguments.has("every-registry");
  site.workloads = arguments.has("workloads");
  site.tags = tag_policy(arguments);
  site.name_space = label_of(arguments.value_or("namespace", site.name_space), "namespace");
  site.service = label_of(arguments.value_or("service", site.service), "Service");
  for (const auto& name : arguments.values("exclude-namespace")) site.excluded.push_back(label_of(name, "namespace"));
  site.folder = arguments.value_or("folder", site.folder);
  while (site.folder.size() > 1 && site.folder.ends_with('/')) site.folder.pop_back();
  if (!site.folder.starts_with('/')) throw Error(ErrorCode::usage, "--folder takes an absolute path");
  site.cert_file = arguments.value_or("cert-file", "");
  site.key_file = arguments.value_or("key-file", "");
  for (const auto& path : {site.folder, site.cert_file, site.key_file}) {
    if (base::printable(path) != path) {
      throw Error(ErrorCode::usage, "'" + base::printable(path) + "' has characters that no emitted file can hold");
    }
  }
  return site;
}

void make_folders(base::WriteFs& fs, const std::string& path) {
  if (path.empty() || fs.status(path)) return;
  make_folders(fs, base::parent_folder(path));
  fs.make_folder(path, 0755);
}

json::Value report_of(const std::string& kind, const std::vector<EmittedFile>& files, std::size_t images,
                      const std::optional<std::string>& folder) {
  json::Array list;
  for (const auto& file : files) {
    json::Object entry{{"path", folder ? *folder + "/" + file.path : file.path}};
    if (!folder) entry.set("content", file.content);
    list.emplace_back(std::move(entry));
  }
  return json::Object{
      {"command", "emit"}, {"kind", kind}, {"images", static_cast<std::uint64_t>(images)}, {"files", std::move(list)}};
}

int run_emit(const Arguments& arguments, Terminal& terminal) {
  arguments.expect_operands(1, SIZE_MAX, "KIND, then BUNDLE... where images matter");
  const auto& kind = cluster::emit_kind(arguments.operands().front());
  const std::vector<std::string> bundles(arguments.operands().begin() + 1, arguments.operands().end());
  if (!kind.needs_images && (!bundles.empty() || arguments.has("snapshot"))) {
    throw Error(ErrorCode::usage, std::string(kind.name) + " is the same whatever the images: give none");
  }
  const auto folder = arguments.value("output");
  if (folder && folder->empty()) throw Error(ErrorCode::usage, "--output names no folder");
  const auto site = site_of(arguments, terminal.fs);
  const auto images =
      kind.needs_images ? proven_images(bundles, arguments, terminal) : std::vector<cluster::ProvenImage>{};
  const auto files = kind.emit(site, images);
  std::string text;
  if (folder) {
    for (const auto& file : files) {
      const std::string path = *folder + "/" + file.path;
      make_folders(terminal.fs, base::parent_folder(path));
      base::write_file(terminal.fs, path, base::as_bytes(file.content));
      text += path + "\n";
    }
  } else if (files.size() > 1 && !arguments.wants_json()) {
    std::vector<std::string> names;
    for (const auto& file : files) names.push_back(file.path);
    throw Error(ErrorCode::usage, "these are several files: " + base::join(names, ", "),
                "write them with --output DIR");
  } else if (!arguments.wants_json()) {
    terminal.write(files.front().content);  // what was asked for, not a report: --quiet does not silence it
    return 0;
  }
  terminal.print(arguments, text, report_of(std::string(kind.name), files, images.size(), folder));
  return 0;
}

}  // namespace

Command emit_command() {
  return {"emit",
          "KIND [BUNDLE...]",
          "write configuration of containerd, podman, CRI-O or Kubernetes that enforces what is proven",
          {{"output", 'o', "DIR", "write the files below this folder; one file alone goes to standard output"},
           {"snapshot", 0, "FILE", "images from a signed decision file instead of bundles"},
           {"server", 0, "URL", "where gapstow serve is reached: https://HOST[:PORT]"},
           {"ca-file", 0, "FILE", "authority behind its certificate (PEM); goes into the files"},
           {"border-key", 0, "FILE", "public key of its border signatures, for policy.json"},
           {"tags", 0, "RULE", "policy.json: demand (default) digests, or accept tags of proven images too"},
           {"every-registry", 0, "", "hosts.toml: for all registries, not only those of the images"},
           {"workloads", 0, "", "webhooks: judge Deployments, Jobs and their like too"},
           {"namespace", 0, "NAME", "namespace of gapstow in the cluster (default gapstow-system)"},
           {"service", 0, "NAME", "its Service, for webhooks without --server (default gapstow)"},
           {"exclude-namespace", 0, "NAME", "pods of this namespace are not judged; may be repeated", true},
           {"folder", 0, "DIR", "where the files will lie on the API server's host (default /etc/kubernetes/gapstow)"},
           {"cert-file", 0, "FILE", "there: client certificate of the API server (default client.crt in --folder)"},
           {"key-file", 0, "FILE", "there: its key (default client.key in --folder)"},
           kTrustStoreOption,
           kStateOption,
           kExpiryOption,
           kMaxAgeOption,
           kAtOption,
           kJobsOption},
          run_emit};
}

}  // namespace gapstow::cli
