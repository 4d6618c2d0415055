// Relocations and references as they are written. First line: the reference; then one relocation a line, "FROM TO",
// with tags "ORIGIN=LOCAL" behind.
#include "fuzz/fuzz.h"
#include "gapstow/base/text.h"
#include "gapstow/enforce/relocations.h"

using namespace gapstow;

namespace {

trust::Relocation relocation_of(std::string_view line) {
  trust::Relocation made;
  std::size_t number = 0;
  for (const auto word : base::split(line, ' ')) {
    if (number == 0) made.from = word;
    if (number == 1) made.to = word;
    if (number++ < 2) continue;
    const auto equals = word.find('=');
    if (equals != std::string_view::npos) made.tags.emplace(word.substr(0, equals), word.substr(equals + 1));
  }
  return made;
}

}  // namespace

FUZZ_TARGET(input) {
  const auto lines = base::split(base::as_text(input), '\n');
  const auto reference = fuzz::accepted([&] { return enforce::normalise(lines.front()); });
  if (reference) {
    fuzz::require(enforce::normalise(reference->text()) == *reference, "the normal form is its own");
    fuzz::require(oci::parse_reference(reference->text()) == *reference, "the normal form is a reference");
    fuzz::require(reference->host != "index.docker.io" && reference->host != "registry-1.docker.io",
                  "docker.io is one");
  }
  std::vector<trust::Relocation> rules;
  for (std::size_t i = 1; i < lines.size(); ++i) rules.push_back(relocation_of(lines[i]));
  const auto relocations = fuzz::accepted([&] { return enforce::Relocations(rules); });
  if (!relocations || !reference) return;
  const auto origin = fuzz::accepted([&] { return relocations->origin_of(*reference); });
  if (!origin) return;
  fuzz::require(origin->reference.digest == reference->digest, "a digest stays");
  fuzz::require(origin->reference.tag.empty() == reference->tag.empty(), "a tag stays a tag");
  fuzz::require(oci::parse_reference(origin->reference.text()) == origin->reference, "an origin is a reference");
  const auto again = fuzz::accepted([&] { return relocations->origin_of(origin->reference); });
  fuzz::require(origin->rule.empty() || (again && again->rule.empty()), "relocations do not lead on");
  for (const auto& name : relocations->local_names(origin->reference)) {
    fuzz::require(relocations->origin_of(name).reference == origin->reference, "a local name leads back");
  }
}
