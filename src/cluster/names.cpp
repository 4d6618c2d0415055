#include "names.h"

#include <algorithm>
#include <charconv>

#include "gapstow/base/atomic_file.h"
#include "gapstow/base/error.h"
#include "gapstow/base/time.h"

namespace gapstow::cluster {
namespace {

using base::Error;
using base::ErrorCode;

constexpr std::string_view kStage = "gapstow.invalid/staged:";
constexpr std::int64_t kLeftoverSeconds = 86400;

std::int64_t now_seconds() { return base::SystemClock().now().seconds; }

/// The time in "gapstow.invalid/staged:1795392000-…".
bool is_leftover(const std::string& name, std::int64_t now) {
  if (!name.starts_with(kStage)) return false;
  std::int64_t made = 0;
  const char* end = name.data() + name.size();
  const auto read = std::from_chars(name.data() + kStage.size(), end, made);
  return read.ec == std::errc() && read.ptr != end && *read.ptr == '-' && made < now - kLeftoverSeconds;
}

}  // namespace

Names::Names(const Ctr& ctr, const base::CancelToken& cancel) : ctr_(ctr), cancel_(cancel) {
  const std::string random = base::temporary_name("n").substr(3, 16);
  prefix_ = std::string(kStage) + std::to_string(now_seconds()) + "-" + random + "-";
}

Names::~Names() {
  try {
    take_back();
    ctr_.remove(reserved_, always_);
  } catch (const std::exception&) {
    // What stays leads nowhere that anybody asks for; a later run removes it.
  }
}

void Names::sweep() {
  std::vector<std::string> leftovers;
  const std::int64_t now = now_seconds();
  for (const auto& [name, digest] : ctr_.images(cancel_)) {
    if (is_leftover(name, now)) leftovers.push_back(name);
  }
  ctr_.remove(leftovers, cancel_);
}

std::string Names::reserve() {
  reserved_.push_back(prefix_ + std::to_string(reserved_.size()));
  return reserved_.back();
}

void Names::check(const std::vector<std::string>& names, const std::vector<digest::Digest>& digests) const {
  const auto there = ctr_.images(cancel_);
  for (std::size_t i = 0; i < names.size(); ++i) {
    const auto at = there.find(names[i]);
    if (at != there.end() && at->second == digests.at(i)) continue;
    throw Error(ErrorCode::digest_mismatch, "containerd has " + (at == there.end() ? "nothing" : at->second.text()) +
                                                " where " + digests[i].text() + " was handed over");
  }
}

void Names::commit(const std::vector<Naming>& wanted) {
  const auto before = ctr_.images(cancel_);
  try {
    std::vector<std::string> names;
    std::vector<digest::Digest> digests;
    for (const auto& naming : wanted) {
      give(naming, before);
      names.push_back(naming.name);
      digests.push_back(naming.digest);
    }
    check(names, digests);
  } catch (...) {
    take_back();
    throw;
  }
  added_.clear();
  replaced_.clear();
}

void Names::give(const Naming& naming, const std::map<std::string, digest::Digest>& before) {
  const auto at = before.find(naming.name);
  if (at != before.end() && at->second == naming.digest) return;
  cancel_.check();
  if (at == before.end()) {
    added_.push_back(naming.name);
  } else {
    const std::string keep = reserve();
    ctr_.tag(naming.name, {keep}, cancel_);
    replaced_.emplace(naming.name, keep);
  }
  ctr_.tag(naming.stage, {naming.name}, cancel_);
}

void Names::take_back() {
  ctr_.remove(added_, always_);
  added_.clear();
  for (const auto& [name, keep] : replaced_) ctr_.tag(keep, {name}, always_);
  replaced_.clear();
}

}  // namespace gapstow::cluster
