#include "support/gen_json.h"

#include "gapstow/json/write.h"
#include "support/gen_bytes.h"

namespace gapstow::json {

std::ostream& operator<<(std::ostream& out, const Value& value) { return out << pretty(value); }

}  // namespace gapstow::json

namespace gapstow::test {
namespace {

constexpr std::int64_t kSafeInteger = std::int64_t{1} << 53;

rc::Gen<json::Value> any_scalar() {
  using rc::gen::map;
  return rc::gen::oneOf(rc::gen::just(json::Value()),
                        map(rc::gen::arbitrary<bool>(), [](bool truth) { return json::Value(truth); }),
                        map(rc::gen::inRange<std::int64_t>(-kSafeInteger, kSafeInteger + 1),
                            [](std::int64_t n) { return json::Value(n); }),
                        map(rc::gen::inRange<std::int64_t>(-9, 10), [](std::int64_t n) { return json::Value(n); }),
                        map(any_text(), [](std::string text) { return json::Value(std::move(text)); }));
}

}  // namespace

rc::Gen<json::Value> any_json(int depth) {
  if (depth == 0) return any_scalar();
  return rc::gen::withSize([depth](int size) {
    const auto count = rc::gen::inRange<std::size_t>(0, static_cast<std::size_t>(std::min(size, 100)) / 25 + 2);
    const auto inner = rc::gen::lazy([depth] { return any_json(depth - 1); });
    const auto array = rc::gen::mapcat(count, [inner](std::size_t items) {
      return rc::gen::map(rc::gen::container<json::Array>(items, inner),
                          [](json::Array values) { return json::Value(std::move(values)); });
    });
    const auto object = rc::gen::mapcat(count, [inner](std::size_t items) {
      return rc::gen::map(
          rc::gen::container<std::vector<json::Object::Member>>(items, rc::gen::pair(any_text(), inner)),
          [](std::vector<json::Object::Member> members) {
            json::Object made;
            for (auto& [name, value] : members) made.set(name, value);
            return json::Value(std::move(made));
          });
    });
    return rc::gen::oneOf(any_scalar(), array, object);
  });
}

}  // namespace gapstow::test
