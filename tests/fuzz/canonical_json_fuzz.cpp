// Canonical JSON: a text that no parser of JSON reads, as strings hold control characters raw. A reader written for
// these properties alone takes the place of one: canonical texts say exactly what was parsed, and there is one for each
// value.
#include <algorithm>
#include <charconv>
#include <limits>

#include "fuzz/fuzz.h"
#include "fuzz/heap.h"
#include "gapstow/json/parse.h"
#include "gapstow/json/write.h"

namespace {

using namespace gapstow;

constexpr unsigned kDepth = 64;

/// Reads what canonical() may write and nothing else; throws Error{malformed}.
class CanonicalReader {
 public:
  explicit CanonicalReader(std::string_view text) : rest_(text) {}

  json::Value whole() {
    auto value = read(0);
    if (!rest_.empty()) refuse();
    return value;
  }

 private:
  [[noreturn]] static void refuse() { throw base::Error(base::ErrorCode::malformed, "this is not canonical"); }

  bool take(std::string_view word) {
    if (!rest_.starts_with(word)) return false;
    rest_.remove_prefix(word.size());
    return true;
  }

  void demand(std::string_view word) {
    if (!take(word)) refuse();
  }

  json::Value read(unsigned depth) {
    if (depth > kDepth) refuse();
    if (take("null")) return {};
    if (take("true")) return true;
    if (take("false")) return false;
    if (take("\"")) return text();
    if (take("[")) return array(depth);
    if (take("{")) return object(depth);
    return integer();
  }

  std::string text() {
    std::string read;
    while (!take("\"")) {
      if (rest_.empty()) refuse();
      if (take("\\") && !rest_.starts_with('"') && !rest_.starts_with('\\')) refuse();
      read += rest_.front();
      rest_.remove_prefix(1);
    }
    return read;
  }

  json::Value array(unsigned depth) {
    json::Array items;
    if (take("]")) return items;
    do items.push_back(read(depth + 1));
    while (take(","));
    demand("]");
    return items;
  }

  json::Value object(unsigned depth) {
    json::Object members;
    if (take("}")) return members;
    std::string last;
    do {
      demand("\"");
      std::string name = text();
      if (!members.empty() && name <= last) refuse();
      demand(":");
      members.set(name, read(depth + 1));
      last = std::move(name);
    } while (take(","));
    demand("}");
    return members;
  }

  json::Value integer() {
    const std::size_t digits =
        std::min(rest_.find_first_not_of("0123456789", rest_.starts_with('-') ? 1 : 0), rest_.size());
    const std::string_view written = rest_.substr(0, digits);
    std::int64_t value = 0;
    const auto [end, error] = std::from_chars(written.data(), written.data() + written.size(), value);
    if (error != std::errc() || end != written.data() + written.size()) refuse();
    if (std::to_string(value) != written) refuse();
    rest_.remove_prefix(digits);
    return value;
  }

  std::string_view rest_;
};

void check_parsed(base::ByteView input, const json::Value& value) {
  const std::string text = json::canonical(value);
  fuzz::require(text.size() <= input.size(), "canonical is never longer than what was read");
  const auto read = fuzz::accepted([&] { return CanonicalReader(text).whole(); });
  fuzz::require(read.has_value(), "canonical texts are canonical");
  fuzz::require(*read == value, "canonical texts say what was parsed");
  const std::string other = json::pretty(value);
  fuzz::require(json::canonical(json::parse(base::as_bytes(other))) == text, "the spelling does not matter");
}

/// A value that only differs in one place has another canonical form.
void check_distinct(const json::Value& value) {
  const auto* object = value.get_if<json::Object>();
  if (object == nullptr || object->empty()) return;
  json::Object changed = *object;
  const auto& [name, member] = object->members().front();
  changed.set(name, json::Array{member});
  fuzz::require(json::canonical(json::Value(changed)) != json::canonical(value), "other values are written otherwise");
}

}  // namespace

FUZZ_TARGET(input) {
  const fuzz::HeapLimit heap(fuzz::kParsedPerByte * input.size() + fuzz::kParsedBase);
  // The text as it is: what the reader takes is written back byte for byte.
  const auto direct = fuzz::accepted([&] { return CanonicalReader(base::as_text(input)).whole(); });
  if (direct) fuzz::require(json::canonical(*direct) == base::as_text(input), "a value has one canonical form");
  const auto value = fuzz::accepted([&] { return json::parse(input); });
  if (!value) return;
  fuzz::require(!direct || *direct == *value, "a canonical text that is JSON reads alike");
  check_parsed(input, *value);
  check_distinct(*value);
}
