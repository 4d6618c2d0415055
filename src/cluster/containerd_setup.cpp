#include "containerd_setup.h"

#include <algorithm>
#include <array>
#include <set>

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

/// How a file that is imported changes what is known already.
enum class Merging {
  settings,  ///< containerd 2: setting by setting
  sections,  ///< containerd 1: what it says of a plugin takes the place of all that was said of that plugin
};

/// Lists of plugins grow, whoever adds to them.
void append_lists(json::Object& out, const json::Object& under, const json::Object& over) {
  for (const char* name : {"disabled_plugins", "required_plugins"}) {
    json::Array all;
    for (const auto* config : {&under, &over}) {
      const auto* list = config->find(name);
      const auto* array = list == nullptr ? nullptr : list->get_if<json::Array>();
      if (array != nullptr) all.insert(all.end(), array->begin(), array->end());
    }
    if (!all.empty()) out.set(name, std::move(all));
  }
}

json::Object merge_files(const json::Object& under, const json::Object& over, Merging merging) {
  json::Object merged = merge_tables(under, over);
  append_lists(merged, under, over);
  const auto* plugins = over.find("plugins");
  const auto* sections = plugins == nullptr ? nullptr : plugins->get_if<json::Object>();
  if (merging == Merging::settings || sections == nullptr) return merged;
  json::Object all = *merged.find("plugins")->get_if<json::Object>();
  for (const auto& [name, section] : sections->members()) all.set(name, section);
  merged.set("plugins", std::move(all));
  return merged;
}

std::vector<std::string> imports_of(base::ReadFs& fs, const json::Object& config, const std::string& path,
                                    const std::string& root) {
  std::vector<std::string> files;
  const auto* imports = config.find("imports");
  const auto* patterns = imports == nullptr ? nullptr : imports->get_if<json::Array>();
  if (patterns == nullptr) return files;
  for (const auto& each : *patterns) {
    const auto* pattern = each.get_if<std::string>();
    if (pattern == nullptr || pattern->empty()) continue;
    const bool is_absolute = pattern->starts_with('/');
    for (auto& file : expand(fs, (is_absolute ? root : base::parent_folder(path) + "/") + *pattern)) {
      files.push_back(std::move(file));
    }
  }
  return files;
}

/// A file and all that it imports, each once, in the order in which containerd reads them.
std::vector<json::Object> read_files(base::ReadFs& fs, const std::string& path, const std::string& root) {
  std::vector<json::Object> files;
  std::vector<std::string> paths{path};
  std::set<std::string> known{path};
  for (std::size_t at = 0; at < paths.size(); ++at) {
    if (at == kMaxImports) throw Error(ErrorCode::limit_exceeded, path + " imports too many files");
    files.push_back(read_toml(fs, paths[at]));
    for (auto& file : imports_of(fs, files.back(), paths[at], root)) {
      if (known.insert(file).second) paths.push_back(std::move(file));
    }
  }
  return files;
}

json::Object merge_all(const std::vector<json::Object>& files, Merging merging) {
  json::Object config;
  for (const auto& file : files) config = merge_files(config, file, merging);
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

std::vector<ContainerdSetup> read_containerd_config(base::ReadFs& fs, const std::string& path,
                                                    const std::string& root) {
  constexpr std::int64_t kFormatOf2 = 3;
  const auto files = read_files(fs, path, root);
  ContainerdSetup setup{path, merge_all(files, Merging::settings), {}};
  const auto* format = find_value(setup.config, {"version"});
  const auto* number = format == nullptr ? nullptr : format->get_if<std::int64_t>();
  std::vector<ContainerdSetup> setups{setup};
  if (number != nullptr && *number >= kFormatOf2) return setups;
  ContainerdSetup old{path + " (as containerd 1 merges its imports)", merge_all(files, Merging::sections), {}};
  if (old.config != setup.config) setups.push_back(std::move(old));
  return setups;
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
  const auto read = [&](const std::string& path) {
    guarded(path, [&] {
      for (auto& setup : read_containerd_config(site.fs, path, site.root)) setups.push_back(std::move(setup));
    });
  };
  if (request.containerd_config) {
    const std::string& path = *request.containerd_config;
    read(path);
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
    read(site.path(own));
  } else if (!is_known && !site.root.empty() && is_program_there(site)) {
    setups.push_back({"the built-in defaults of containerd", json::Object{}, {}});
  }
  for (const char* name : {"k3s", "rke2"}) {
    const std::string path = std::string("/var/lib/rancher/") + name + "/agent/etc/containerd/config.toml";
    if (site.has(path)) read(site.path(path));
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
