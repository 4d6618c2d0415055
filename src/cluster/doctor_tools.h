// Small tools that the doctor's subjects share.
#pragma once

#include <string>
#include <vector>

#include "gapstow/base/text.h"
#include "gapstow/cluster/doctor.h"

namespace gapstow::cluster {

/// Collects the findings about one check of one subject.
class Notes {
 public:
  explicit Notes(std::string check) : check_(std::move(check)) {}
  void fine(const std::string& subject, const std::string& what) { add(Finding::Weight::fine, subject, what, {}); }
  void notice(const std::string& subject, const std::string& what, const std::string& mend = {}) {
    add(Finding::Weight::notice, subject, what, mend);
  }
  void warning(const std::string& subject, const std::string& what, const std::string& mend) {
    add(Finding::Weight::warning, subject, what, mend);
  }
  void open(const std::string& subject, const std::string& what, const std::string& mend) {
    add(Finding::Weight::open, subject, what, mend);
  }
  bool empty() const { return findings_.empty(); }
  Findings take() { return std::move(findings_); }

 private:
  void add(Finding::Weight weight, const std::string& subject, const std::string& what, const std::string& mend) {
    findings_.push_back({weight, check_, subject, what, mend});
  }
  std::string check_;
  Findings findings_;
};

/// Whether somebody else may change a file or folder: "everybody may write it", "its group may write it", "it belongs
/// to user 1000"; empty when only its owner may, who is root or the user that counts here.
std::string who_else_writes(const Site& site, const base::FileStatus& status);

/// Notes as open who else may change a file or folder; `so` says what that person decides: "and so decides what is
/// trusted".
void guard(Notes& notes, const Site& site, const std::string& path, const std::string& so);
/// Likewise who else may put another thing in its place, because a folder above it is theirs to change. Folders above
/// the site's root are not looked at, nor those above what a link leads to.
void guard_above(Notes& notes, const Site& site, const std::string& path, const std::string& so);

using base::counted;

void append(Findings& to, Findings more);

/// The host of an origin or pattern: "docker.io" of "docker.io/library/*"; empty when there is none in it.
std::string host_of(const std::string& name);

/// "2.1.4" -> {2, 1}; {0, 0} when it is no version.
struct Version {
  int major = 0;
  int minor = 0;
  auto operator<=>(const Version&) const = default;
};
Version parse_version(const std::string& text);

}  // namespace gapstow::cluster
