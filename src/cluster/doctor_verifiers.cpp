// The folder of containerd's image verifiers: empty means that everything may be pulled.
#include <algorithm>

#include "containerd_setup.h"
#include "doctor_tools.h"
#include "gapstow/base/error.h"
#include "toml_file.h"

namespace gapstow::cluster {
namespace {

constexpr const char* kPlugin = "io.containerd.image-verifier.v1.bindir";
constexpr std::string_view kInstall = "ln -s \"$(command -v gapstow-image-verifier)\" ";
constexpr const char* kSo = "and so decides what may be pulled";
constexpr std::int64_t kDefaultMost = 10;

struct Bindir {
  std::string folder = "/opt/containerd/image-verifier/bin";
  std::int64_t most = kDefaultMost;
  std::string timeout = "10s";
  bool is_off = false;
};

Bindir read_bindir(const ContainerdSetup& setup) {
  Bindir dir;
  const auto setting = [&](const char* name) { return find_value(setup.config, {"plugins", kPlugin, name}); };
  if (const auto* value = setting("bin_dir"); value != nullptr && value->get_if<std::string>() != nullptr) {
    dir.folder = *value->get_if<std::string>();
  }
  if (const auto* value = setting("max_verifiers"); value != nullptr && value->get_if<std::int64_t>() != nullptr) {
    dir.most = *value->get_if<std::int64_t>();
  }
  if (const auto* value = setting("per_verifier_timeout");
      value != nullptr && value->get_if<std::string>() != nullptr) {
    dir.timeout = *value->get_if<std::string>();
  }
  const auto* disabled = find_value(setup.config, {"disabled_plugins"});
  const auto* list = disabled == nullptr ? nullptr : disabled->get_if<json::Array>();
  dir.is_off = list != nullptr && std::ranges::find(*list, json::Value(kPlugin)) != list->end();
  return dir;
}

bool is_ours(const std::string& name) { return name.find("gapstow") != std::string::npos; }

void look_at_program(Notes& notes, const Site& site, const std::string& path) {
  const auto status = site.fs.status(path);
  constexpr std::uint32_t kExecute = 0100;
  const bool runs = status && status->kind == base::FileStatus::Kind::regular && (status->mode & kExecute) != 0;
  if (!runs) {
    notes.warning(path, "is no program that runs, so that every pull on this node fails", "remove it");
    return;
  }
  guard(notes, site, path, kSo);
}

void look_at_timeout(Notes& notes, const std::string& folder, const std::string& timeout) {
  const bool is_short = timeout.ends_with("ms") || timeout.ends_with("us") || timeout.ends_with("ns") ||
                        timeout == "0s" || timeout == "0";
  if (!is_short) return;
  notes.warning(folder, "a verifier has " + timeout + " alone; pulls fail when the machine is busy",
                "set per_verifier_timeout = \"10s\"");
}

void look_at_folder(Notes& notes, const Site& site, const Bindir& dir) {
  const std::string folder = site.path(dir.folder);
  const auto status = site.fs.status(folder);
  if (status && status->kind != base::FileStatus::Kind::folder) {
    notes.warning(folder, "is no folder, so that every pull on this node fails", "put a folder there");
    return;
  }
  if (!status) {
    notes.open(folder, "is not there, so that everything may be pulled",
               "mkdir -p " + folder + " && " + std::string(kInstall) + folder + "/00-gapstow");
    return;
  }
  guard_above(notes, site, folder, kSo);
  guard(notes, site, folder, kSo);
  const auto names = site.fs.list(folder);
  if (names.empty()) {
    notes.open(folder, "is empty, so that everything may be pulled", std::string(kInstall) + folder + "/00-gapstow");
    return;
  }
  for (const auto& name : names) look_at_program(notes, site, folder + "/" + name);
  const auto own = std::ranges::find_if(names, is_ours);
  const auto place = own - names.begin();
  if (own == names.end()) {
    notes.open(folder, "has no verifier of gapstow in it, so that what gapstow does not know may be pulled",
               std::string(kInstall) + folder + "/00-gapstow");
  } else if (dir.most < 0) {
    return;  // as many as there are
  } else if (place >= dir.most) {
    notes.open(folder + "/" + *own,
               "is not called: containerd takes the first " + std::to_string(dir.most) + " by name and skips the rest",
               "call it 00-gapstow, or raise max_verifiers");
  } else if (std::ssize(names) > dir.most) {
    notes.warning(folder, "holds more than max_verifiers = " + std::to_string(dir.most) + "; the last are not called",
                  "remove what is not needed, or raise max_verifiers");
  }
}

}  // namespace

Findings examine_verifiers(const Site& site, const ContainerdSetup& setup) {
  Notes notes("verifier-directory");
  const Version version = parse_version(setup.version);
  if (version != Version{} && version < Version{2, 0}) return {};  // it has none, and that is said already
  const Bindir dir = read_bindir(setup);
  if (dir.is_off) {
    notes.open(setup.source, std::string("disabled_plugins names ") + kPlugin + ", so that everything may be pulled",
               "take it out of disabled_plugins and restart containerd");
    return notes.take();
  }
  look_at_folder(notes, site, dir);
  look_at_timeout(notes, site.path(dir.folder), dir.timeout);
  if (notes.empty()) notes.fine(site.path(dir.folder), "holds a verifier of gapstow that nobody else can change");
  return notes.take();
}

}  // namespace gapstow::cluster
