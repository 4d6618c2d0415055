#include "doctor_tools.h"

#include <charconv>
#include <iterator>

#include "gapstow/base/fs.h"

namespace gapstow::cluster {

std::string who_else_writes(const Site& site, const base::FileStatus& status) {
  constexpr std::uint32_t kOthers = 0002;
  constexpr std::uint32_t kGroup = 0020;
  if ((status.mode & kOthers) != 0) return "everybody may write it";
  if (status.owner != 0 && status.owner != site.user) return "it belongs to user " + std::to_string(status.owner);
  if ((status.mode & kGroup) != 0) return "its group may write it";
  return {};
}

void guard(Notes& notes, const Site& site, const std::string& path, const std::string& so) {
  const auto status = site.fs.status(path);
  if (!status) return;
  const auto who = who_else_writes(site, *status);
  if (!who.empty()) notes.open(path, who + ", " + so, "chown root: " + path + " && chmod go-w " + path);
}

void guard_above(Notes& notes, const Site& site, const std::string& path, const std::string& so) {
  constexpr std::uint32_t kSticky = 01000;
  std::string folder = path;
  while (folder != "/" && folder != "." && folder != site.root) {
    folder = base::parent_folder(folder);
    auto status = site.fs.status(folder);
    if (!status) return;
    // In a folder like /tmp a name is only its owner's to take away, and the folder's.
    if ((status->mode & kSticky) != 0) status->mode = 0;
    const auto who = who_else_writes(site, *status);
    if (who.empty()) continue;
    notes.open(folder, who + ", and can put another " + path + " there, " + so,
               "chown root: " + folder + " && chmod go-w " + folder);
    return;
  }
}

void append(Findings& to, Findings more) {
  to.insert(to.end(), std::make_move_iterator(more.begin()), std::make_move_iterator(more.end()));
}

std::string host_of(const std::string& name) {
  const auto slash = name.find('/');
  if (slash == std::string::npos) return {};
  const std::string host = name.substr(0, slash);
  const bool is_host = host == "localhost" || host.find_first_of(".:") != std::string::npos;
  return is_host && host.find('*') == std::string::npos ? host : std::string();
}

Version parse_version(const std::string& text) {
  Version version;
  const char* at = text.data();
  const char* end = at + text.size();
  if (at != end && *at == 'v') ++at;
  const auto major = std::from_chars(at, end, version.major);
  if (major.ec != std::errc() || major.ptr == end || *major.ptr != '.') return {};
  if (std::from_chars(major.ptr + 1, end, version.minor).ec != std::errc()) return {};
  return version;
}

}  // namespace gapstow::cluster
