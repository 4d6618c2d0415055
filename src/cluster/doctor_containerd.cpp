// Whether containerd calls image verifiers at all when the kubelet pulls.
#include "containerd_setup.h"
#include "doctor_tools.h"
#include "toml_file.h"

namespace gapstow::cluster {
namespace {

constexpr Version kHasVerifiers{2, 0};
constexpr Version kCallsVerifiers{2, 1};
constexpr std::string_view kUpgrade =
    "upgrade to containerd 2.1 or newer; until then rely on admission webhooks and on mirrors";

void look_at_version(Notes& notes, const ContainerdSetup& setup) {
  const Version version = parse_version(setup.version);
  const auto* format = find_value(setup.config, {"version"});
  const auto* number = format == nullptr ? nullptr : format->get_if<std::int64_t>();
  if (version == Version{}) {
    const bool is_two = number != nullptr && *number >= 3;
    notes.notice(setup.source, is_two ? "is of containerd 2; verifiers are called from 2.1 on"
                                      : "does not tell the version; verifiers are called from containerd 2.1 on");
  } else if (version < kHasVerifiers) {
    notes.open(setup.source, "containerd " + setup.version + " knows no image verifiers: what is pulled is not checked",
               std::string(kUpgrade));
  } else if (version < kCallsVerifiers) {
    notes.open(setup.source, "containerd " + setup.version + " does not call image verifiers when the kubelet pulls",
               std::string(kUpgrade));
  }
}

/// A setting with which CRI pulls by itself, past the service that calls verifiers.
struct Bypass {
  std::vector<std::string> way3;  ///< below io.containerd.cri.v1.images
  std::vector<std::string> way2;  ///< below io.containerd.grpc.v1.cri
  json::Value harmless;
};

const std::vector<Bypass>& bypasses() {
  static const std::vector<Bypass> list{
      {{"max_concurrent_downloads"}, {"max_concurrent_downloads"}, 3},
      {{"discard_unpacked_layers"}, {"containerd", "discard_unpacked_layers"}, false},
      {{"disable_snapshot_annotations"}, {"containerd", "disable_snapshot_annotations"}, true},
      {{"image_pull_with_sync_fs"}, {"image_pull_with_sync_fs"}, false},
      {{"use_local_image_pull"}, {"use_local_image_pull"}, false}};
  return list;
}

std::string text_of(const json::Value& value) {
  if (const auto* flag = value.get_if<bool>()) return *flag ? "true" : "false";
  if (const auto* number = value.get_if<std::int64_t>()) return std::to_string(*number);
  return value.kind();
}

void look_at_bypasses(Notes& notes, const ContainerdSetup& setup) {
  for (const auto& each : bypasses()) {
    const auto* value = find_cri(setup, each.way3, each.way2);
    if (value == nullptr || *value == each.harmless) continue;
    notes.open(setup.source,
               "with " + each.way3.back() + " = " + text_of(*value) +
                   " the kubelet's pulls go past all image verifiers, with no more than a line in the log",
               "set " + each.way3.back() + " = " + text_of(each.harmless) + " and restart containerd");
  }
  for (const char* name : {"mirrors", "configs", "auths"}) {
    const auto* value = find_cri(setup, {"registry", name}, {"registry", name});
    const auto* table = value == nullptr ? nullptr : value->get_if<json::Object>();
    if (table == nullptr || table->empty()) continue;
    notes.open(setup.source, std::string("with registry.") + name + " the kubelet's pulls go past all image verifiers",
               "say it in hosts.toml below config_path instead: gapstow emit hosts.toml");
  }
}

}  // namespace

Findings examine_containerd(const Site&, const ContainerdSetup& setup) {
  Notes notes("containerd-pull");
  look_at_version(notes, setup);
  const Version version = parse_version(setup.version);
  if (version == Version{} || version >= kHasVerifiers) look_at_bypasses(notes, setup);
  if (notes.empty()) {
    notes.fine(setup.source, "containerd " + setup.version + " calls image verifiers when the kubelet pulls");
  }
  return notes.take();
}

}  // namespace gapstow::cluster
