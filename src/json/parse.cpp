#include "gapstow/json/parse.h"

#include <cstring>
#include <nlohmann/json.hpp>

#include "gapstow/base/checked.h"
#include "gapstow/base/error.h"
#include "gapstow/base/text.h"
#include "members.h"

namespace gapstow::json {
namespace {

using base::Error;
using base::ErrorCode;

constexpr std::int64_t kSafeInteger = std::int64_t{1} << 53;

[[noreturn]] void refuse(const std::string& why) { throw Error(ErrorCode::malformed, why); }

/// A piece of the text, fit for a message.
std::string shown(std::string_view text) {
  constexpr std::size_t kMost = 60;
  return "'" + base::printable(text.substr(0, kMost)) + (text.size() > kMost ? "…'" : "'");
}

/// Builds the value from the tokenizer's events. Finished values wait on one stack; the end of an array or
/// object takes its own from the top. So nothing recurses, and every container is allocated once, in its size.
class Builder final : public nlohmann::json_sax<nlohmann::json> {
 public:
  explicit Builder(const ParseLimits& limits) : limits_(limits) {}

  Value take() { return std::move(values_.back()); }

  bool null() override { return add(Value()); }
  bool boolean(bool value) override { return add(Value(value)); }

  bool number_integer(number_integer_t value) override {
    // The tokenizer reports a number as signed only when it has a minus sign.
    if (value == 0) refuse("the number -0 has a second spelling");
    if (value >= -kSafeInteger) return add(Value(std::int64_t{value}));
    if (!limits_.reals) refuse("integer " + std::to_string(value) + " is below -2^53");
    return add(Value(static_cast<double>(value)));
  }

  bool number_unsigned(number_unsigned_t value) override {
    if (value <= static_cast<number_unsigned_t>(kSafeInteger)) return add(Value(static_cast<std::int64_t>(value)));
    if (!limits_.reals) refuse("integer " + std::to_string(value) + " is above 2^53");
    return add(Value(static_cast<double>(value)));
  }

  bool number_float(number_float_t value, const string_t& spelling) override {
    if (limits_.reals) return add(Value(value));
    // Integers that do not fit 64 bits come this way as well.
    const bool integer = spelling.find_first_of(".eE") == std::string::npos;
    refuse("number " + shown(spelling) + (integer ? " is not within +-2^53" : " is not an integer"));
  }

  bool string(string_t& value) override { return add(Value(take_text(value))); }
  bool binary(binary_t&) override { refuse("not JSON text"); }

  bool start_object(std::size_t) override { return start(); }
  bool start_array(std::size_t) override { return start(); }

  bool key(string_t& name) override {
    names_.push_back(take_text(name));
    return true;
  }

  bool end_object() override {
    const std::size_t first = starts_.back();
    const std::size_t count = values_.size() - first;
    const std::size_t first_name = names_.size() - count;
    std::vector<Object::Member> members;
    members.reserve(count);
    for (std::size_t i = 0; i < count; ++i) {
      members.emplace_back(std::move(names_[first_name + i]), std::move(values_[first + i]));
    }
    names_.resize(first_name);
    values_.resize(first);
    starts_.pop_back();
    if (const std::string* twice = sort_members(members))
      refuse("the name " + shown(*twice) + " occurs twice in an object");
    Object object;
    Object::from_members(std::move(members), object);
    return add(Value(std::move(object)));
  }

  bool end_array() override {
    const auto first = values_.begin() + static_cast<std::ptrdiff_t>(starts_.back());
    Array items(std::make_move_iterator(first), std::make_move_iterator(values_.end()));
    values_.erase(first, values_.end());
    starts_.pop_back();
    return add(Value(std::move(items)));
  }

  bool parse_error(std::size_t position, const std::string&, const nlohmann::json::exception& error) override {
    refuse("not valid JSON at byte " + std::to_string(position) + detail(error.what()));
  }

 private:
  /// Short texts are copied: the tokenizer keeps its buffer, and ours gets exactly the size it needs.
  static std::string take_text(string_t& text) {
    constexpr std::size_t kWorthMoving = 64 * 1024;
    return text.size() < kWorthMoving ? std::string(text) : std::move(text);
  }

  /// The tokenizer's reason without its own prefix and without the raw text that it repeats.
  static std::string detail(std::string_view what) {
    const std::size_t begin = what.find(" - ");
    if (begin == std::string_view::npos) return {};
    what.remove_prefix(begin + 3);
    return " (" + base::printable(what.substr(0, what.find("; last read"))) + ")";
  }

  bool start() {
    base::check_limit(starts_.size() + 1, limits_.depth, "depth of a JSON document");
    starts_.push_back(values_.size());
    return true;
  }

  bool add(Value value) {
    base::check_limit(++count_, limits_.values, "values in a JSON document");
    values_.push_back(std::move(value));
    return true;
  }

  const ParseLimits& limits_;
  std::uint64_t count_ = 0;
  std::vector<Value> values_;        ///< finished, not yet in a container
  std::vector<std::string> names_;   ///< of members whose object has not ended
  std::vector<std::size_t> starts_;  ///< where the values of each open container begin
};

}  // namespace

Value parse(base::ByteView text, const ParseLimits& limits) {
  base::check_limit(text.size(), limits.bytes, "length of a JSON document");
  const std::string_view chars = base::as_text(text);
  if (chars.starts_with("\xEF\xBB\xBF")) refuse("JSON text begins with a byte order mark");
  // The tokenizer takes a NUL for the end of the text; what stands behind it must not pass unseen.
  if (const std::size_t nul = chars.find('\0'); nul != std::string_view::npos) {
    refuse("not valid JSON at byte " + std::to_string(nul + 1) + " (a NUL byte)");
  }
  if (chars.empty()) refuse("the JSON document is empty");
  Builder builder(limits);
  nlohmann::json::sax_parse(chars.data(), chars.data() + chars.size(), &builder);
  return builder.take();
}

}  // namespace gapstow::json
