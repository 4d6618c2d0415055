#include "containerd_setup.h"

#include <algorithm>
#include <array>

#include "doctor_tools.h"
#include "gapstow/base/error.h"
#include "gapstow/base/program.h"
#include "gapstow/base/text.h"
#include "toml_file.h"

namespace gapstow::cluster {
namespace {

using base::Error;
using base::ErrorCode;

constexpr unsigned kMaxImports = 64;

/// "/etc/containerd/conf.d/*.toml" -> the files; a star is known in the last part alone.
std::vector<std::string> expand(base::ReadFs& fs, const std::string& pattern) {
  const std::string name = base::file_name(pattern);
  const auto star = name.find('*');
  if (star == std::string::npos) return {pattern};
  const std::string folder = base::parent_folder(pattern);
  const auto status = fs.status(folder);
  if (!status || status->kind != base::FileStatus::Kind::folder) return {};
  std::vector<std::string> found;
  for (const auto& each : fs.list(folder)) {
    const bool fits = each.size() + 1 >= name.size() && each.starts_with(name.substr(0, star)) &&
                      each.ends_with(name.substr(star + 1));
    if (fits) found.push_back(folder + "/" + each);
  }
  return found;
}

/// A file and what it imports; `left` counts down.
json::Object read_merged(base::ReadFs& fs, const std::string& path, const std::string& root, unsigned& left) {
  if (left-- == 0) throw Error(ErrorCode::limit_exceeded, path + " imports too many files");
  json::Object config = read_toml(fs, path);
  const auto* imports = config.find("imports");
  const auto* list = imports == nullptr ? nullptr : imports->get_if<json::Array>();
  if (list == nullptr) return config;
  const json::Array patterns = *list;
  for (const auto& each : patterns) {
    const auto* pattern = each.get_if<std::string>();
    if (pattern == nullptr || pattern->empty()) continue;
    const std::string whole = pattern->starts_with('/') ? root + *pattern : base::parent_folder(path) + "/" + *pattern;
    for (const auto& file : expand(fs, whole))
      config = merge_tables(std::move(config), read_merged(fs, file, root, left));
  }
  return config;
}

bool is_program_there(const Site& site) {
  constexpr std::array kPlaces{"/usr/bin/containerd", "/usr/local/bin/containerd", "/usr/sbin/containerd",
                               "/bin/containerd"};
  return std::ranges::any_of(kPlaces, [&](const char* place) { return site.has(place); });
}

/// What the running machine's containerd says itself; nothing when there is no such program.
std::optional<ContainerdSetup> ask_containerd(const DoctorRequest& request, const base::CancelToken& cancel) {
  const auto line = first_line_of({request.containerd_program, "--version"}, cancel);
  if (!line) return std::nullopt;
  const auto dump = base::run_program({{request.containerd_program, "config", "dump"}, nullptr}, cancel);
  if (dump.exit_code != 0) throw Error(ErrorCode::malformed, "containerd config dump fails: " + dump.errors);
  return ContainerdSetup{"containerd config dump", parse_toml(dump.output, "containerd config dump"),
                         version_in(*line)};
}

}  // namespace

std::optional<std::string> first_line_of(const std::vector<std::string>& words, const base::CancelToken& cancel) {
  try {
    const auto result = base::run_program({words, nullptr}, cancel);
    if (result.exit_code != 0) return std::nullopt;
    return result.output.substr(0, result.output.find('\n'));
  } catch (const Error& error) {
    if (error.code() == ErrorCode::interrupted) throw;
    return std::nullopt;
  }
}

std::string version_in(const std::string& line) {
  for (const auto word : base::split(line, ' ')) {
    std::string text(word.starts_with('v') ? word.substr(1) : word);
    if (text.ends_with(',')) text.pop_back();
    if (parse_version(text) != Version{}) return text;
  }
  return {};
}

ContainerdSetup read_containerd_config(base::ReadFs& fs, const std::string& path, const std::string& root) {
  unsigned left = kMaxImports;
  return {path, read_merged(fs, path, root, left), {}};
}

std::vector<ContainerdSetup> find_containerd(const DoctorRequest& request, Findings& findings,
                                             const base::CancelToken& cancel) {
  const Site& site = request.site;
  std::vector<ContainerdSetup> setups;
  Notes notes("containerd");
  const auto guarded = [&](const std::string& what, const auto& body) {
    try {
      body();
    } catch (const Error& error) {
      if (error.code() == ErrorCode::interrupted) throw;
      notes.warning(what, "cannot be read, so that nobody knows what containerd does: " + error.line(),
                    "mend it, and restart containerd");
    }
  };
  if (request.containerd_config) {
    const std::string& path = *request.containerd_config;
    guarded(path, [&] { setups.push_back(read_containerd_config(site.fs, path, site.root)); });
    append(findings, notes.take());
    return setups;
  }
  const std::string own = "/etc/containerd/config.toml";
  bool is_known = false;
  if (site.root.empty()) {
    guarded("containerd config dump", [&] {
      if (auto setup = ask_containerd(request, cancel)) {
        setups.push_back(std::move(*setup));
        is_known = true;
      }
    });
  }
  if (!is_known && site.has(own)) {
    guarded(site.path(own), [&] { setups.push_back(read_containerd_config(site.fs, site.path(own), site.root)); });
  } else if (!is_known && !site.root.empty() && is_program_there(site)) {
    setups.push_back({"the built-in defaults of containerd", json::Object{}, {}});
  }
  for (const char* name : {"k3s", "rke2"}) {
    const std::string path = std::string("/var/lib/rancher/") + name + "/agent/etc/containerd/config.toml";
    if (!site.has(path)) continue;
    guarded(site.path(path), [&] { setups.push_back(read_containerd_config(site.fs, site.path(path), site.root)); });
  }
  if (setups.empty() && notes.empty()) notes.notice("containerd", "is not on this node");
  append(findings, notes.take());
  return setups;
}

const json::Value* find_cri(const ContainerdSetup& setup, const std::vector<std::string>& way3,
                            const std::vector<std::string>& way2) {
  const auto full = [](const char* plugin, const std::vector<std::string>& way) {
    std::vector<std::string> names{"plugins", plugin};
    names.insert(names.end(), way.begin(), way.end());
    return names;
  };
  if (const auto* value = find_value(setup.config, full("io.containerd.cri.v1.images", way3))) return value;
  return find_value(setup.config, full("io.containerd.grpc.v1.cri", way2));
}

}  // namespace gapstow::cluster
