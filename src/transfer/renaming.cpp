#include "gapstow/transfer/renaming.h"

#include "gapstow/base/error.h"
#include "gapstow/oci/reference.h"

namespace gapstow::transfer {
namespace {

using base::Error;
using base::ErrorCode;

/// Whether `from` is the whole reference, its repository, or the first parts of it.
bool matches(const std::string& from, const std::string& origin) {
  if (!origin.starts_with(from)) return false;
  const std::string_view rest = std::string_view(origin).substr(from.size());
  if (rest.empty() || rest.front() == '/') return true;
  const bool behind_path = from.find('/') != std::string::npos && rest.find('/') == std::string_view::npos;
  return behind_path && (rest.front() == ':' || rest.front() == '@');
}

/// "host/path:tag" cut behind the host.
std::string without_host(const oci::Reference& reference) { return reference.text().substr(reference.host.size() + 1); }

}  // namespace

Renaming Renaming::exactly(std::string reference) {
  Renaming renaming;
  renaming.exact_ = std::move(reference);
  return renaming;
}

std::string Renaming::map(const std::string& origin) const {
  if (!exact_.empty()) return exact_;
  const RenameRule* best = nullptr;
  for (const auto& rule : rules_) {
    if (matches(rule.from, origin) && (best == nullptr || rule.from.size() > best->from.size())) best = &rule;
  }
  const std::string renamed = best == nullptr ? origin : best->to + origin.substr(best->from.size());
  if (host_.empty()) return oci::parse_reference(renamed, false).text();
  std::string name = best == nullptr ? without_host(oci::parse_reference(origin, false)) : renamed;
  if (best == nullptr || !name.starts_with(host_ + "/")) {
    name = host_ + "/" + (prefix_.empty() ? "" : prefix_ + "/") + name;
  }
  const oci::Reference mapped = oci::parse_reference(name, false);
  if (mapped.host != host_) {
    throw Error(ErrorCode::usage, origin + " would become " + mapped.text() + ", which is not at " + host_);
  }
  return mapped.text();
}

RenameRule parse_rename(std::string_view text) {
  const std::size_t equals = text.find('=');
  RenameRule rule{std::string(text.substr(0, equals)),
                  equals == std::string_view::npos ? std::string() : std::string(text.substr(equals + 1))};
  while (rule.from.ends_with('/')) rule.from.pop_back();
  while (rule.to.ends_with('/')) rule.to.pop_back();
  if (rule.from.empty() || rule.to.empty()) {
    throw Error(ErrorCode::usage, "'" + std::string(text) + "' is no renaming", "write --rename FROM=TO");
  }
  return rule;
}

}  // namespace gapstow::transfer
