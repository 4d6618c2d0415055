#include "gapstow/enforce/relocations.h"

#include <algorithm>
#include <array>
#include <optional>

#include "gapstow/base/error.h"
#include "gapstow/base/text.h"

namespace gapstow::enforce {
namespace {

using base::Error;
using base::ErrorCode;
using trust::Relocation;

constexpr std::string_view kDockerHost = "docker.io";
constexpr std::array<std::string_view, 2> kOtherDockerHosts{"index.docker.io", "registry-1.docker.io"};

std::string lowered(std::string_view text) {
  std::string out(text);
  for (char& c : out) {
    if (c >= 'A' && c <= 'Z') c = static_cast<char>(c - 'A' + 'a');
  }
  return out;
}

/// A prefix is in normal form when what stands below it is. With one that is not, a rule would never be found.
void check_normal(const std::string& prefix) {
  const std::string sample = prefix + "/a/a";
  if (normalise(sample).repository() == sample) return;
  throw Error(ErrorCode::malformed, "'" + prefix + "' is no prefix of references in normal form");
}

/// What a tag means at the origin.
std::string origin_tag(const Relocation& rule, const std::string& local) {
  const auto found = std::ranges::find_if(rule.tags, [&](const auto& pair) { return pair.second == local; });
  return found == rule.tags.end() ? local : found->first;
}

/// `name` without `prefix`, when that ends at the border of a part: "" or "/rest".
std::optional<std::string_view> rest_of(std::string_view name, std::string_view prefix) {
  if (!name.starts_with(prefix)) return std::nullopt;
  const std::string_view rest = name.substr(prefix.size());
  return rest.empty() || rest.front() == '/' ? std::optional(rest) : std::nullopt;
}

/// The reference that `repository` is the full name of, with tag and digest of another one.
oci::Reference with_repository(const std::string& repository, std::string tag, const oci::Reference& other) {
  if (repository.find('/') == std::string::npos) {
    throw Error(ErrorCode::invalid_reference, "'" + repository + "' is a host without a repository");
  }
  oci::Reference made = oci::parse_reference(repository, false);
  made.tag = std::move(tag);
  made.digest = other.digest;
  return made;
}

}  // namespace

oci::Reference normalise(std::string_view text) {
  const std::size_t slash = text.find('/');
  if (slash == std::string_view::npos) return oci::parse_reference(text);
  std::string host = lowered(text.substr(0, slash));
  // "Foo/bar" is no path, since those have small letters, and no host either; in small letters it would be a path.
  const bool marked = host == "localhost" || host.find_first_of(".:[") != std::string::npos;
  if (!marked) return oci::parse_reference(text);
  if (std::ranges::count(kOtherDockerHosts, host) != 0) host = kDockerHost;
  return oci::parse_reference(host.append(text.substr(slash)));
}

Relocations::Relocations(std::vector<Relocation> rules) : rules_(std::move(rules)) {
  trust::check_relocations(rules_);
  for (const auto& rule : rules_) {
    try {
      check_normal(rule.from);
      check_normal(rule.to);
    } catch (const Error& error) {
      throw Error(ErrorCode::malformed, "relocation to " + base::printable(rule.to) + ": " + error.line());
    }
  }
  std::ranges::sort(rules_, {}, &Relocation::to);
}

const Relocation* Relocations::rule_for(std::string_view repository) const {
  if (rules_.empty()) return nullptr;
  for (std::string_view prefix = repository;; prefix = prefix.substr(0, prefix.rfind('/'))) {
    const auto found =
        std::ranges::lower_bound(rules_, prefix, {}, [](const Relocation& rule) { return std::string_view(rule.to); });
    if (found != rules_.end() && found->to == prefix) return &*found;
    if (prefix.find('/') == std::string_view::npos) return nullptr;
  }
}

Origin Relocations::origin_of(const oci::Reference& local) const {
  const std::string repository = local.repository();
  const Relocation* const rule = rule_for(repository);
  if (rule == nullptr) return {local, ""};
  const std::string origin = rule->from + repository.substr(rule->to.size());
  return {with_repository(origin, origin_tag(*rule, local.tag), local), rule->from + " -> " + rule->to};
}

std::vector<oci::Reference> Relocations::local_names(const oci::Reference& origin) const {
  std::vector<oci::Reference> names;
  const auto add = [&](const std::string& repository, const std::string& tag) {
    try {
      const oci::Reference name = with_repository(repository, tag, origin);
      if (origin_of(name).reference == origin && std::ranges::count(names, name) == 0) names.push_back(name);
    } catch (const Error&) {
      // Too long, or a host alone: nobody can ask for it by that name.
    }
  };
  const std::string own = origin.repository();
  add(own, origin.tag);
  for (const auto& rule : rules_) {
    const auto rest = rest_of(own, rule.from);
    if (!rest) continue;
    const std::string local = rule.to + std::string(*rest);
    const auto renamed = rule.tags.find(origin.tag);
    if (renamed != rule.tags.end()) add(local, renamed->second);
    add(local, origin.tag);
  }
  return names;
}

}  // namespace gapstow::enforce
