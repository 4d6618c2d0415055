// Trust stores: what is read is written back in one spelling that means the same, and answers for any name.
#include "fuzz/fuzz.h"
#include "gapstow/trust/store.h"

using namespace gapstow;

FUZZ_TARGET(input) {
  const auto store = fuzz::accepted([&] { return trust::parse_store(input); });
  if (!store) return;
  const auto text = trust::write_store(*store);
  const auto again = fuzz::accepted([&] { return trust::parse_store(text); });
  fuzz::require(again.has_value(), "a store that was read can be written");
  fuzz::require(base::equal(trust::write_store(*again), text), "a store has one spelling");
  const std::string name(base::as_text(input.first(std::min<std::size_t>(input.size(), 64))));
  const trust::Rule* rule = store->rule_for(name);
  fuzz::require(rule == nullptr || rule->pattern.matches(name), "a rule that answers matches");
  for (const auto& root : store->roots) {
    fuzz::require(!store->pins_for(root.pattern.text()).empty(), "every root can be reached");
  }
}
