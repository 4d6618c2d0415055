#include "support/json_patch.h"

#include <charconv>
#include <stdexcept>
#include <string>
#include <vector>

namespace gapstow::test {
namespace {

[[noreturn]] void fail(const std::string& why) { throw std::runtime_error("JSON patch: " + why); }

std::vector<std::string> parts_of(const std::string& pointer) {
  if (pointer.empty()) return {};
  if (pointer[0] != '/') fail("'" + pointer + "' is no pointer");
  std::vector<std::string> parts{""};
  for (std::size_t i = 1; i < pointer.size(); ++i) {
    if (pointer[i] == '/') {
      parts.emplace_back();
    } else if (pointer[i] == '~') {
      if (++i == pointer.size() || (pointer[i] != '0' && pointer[i] != '1')) fail("'" + pointer + "' has a bare ~");
      parts.back() += pointer[i] == '0' ? '~' : '/';
    } else {
      parts.back() += pointer[i];
    }
  }
  return parts;
}

std::size_t index_in(const json::Array& array, const std::string& part, bool may_append) {
  if (may_append && part == "-") return array.size();
  std::size_t index = 0;
  const auto result = std::from_chars(part.data(), part.data() + part.size(), index);
  const bool whole = result.ec == std::errc() && result.ptr == part.data() + part.size();
  if (!whole || (part.size() > 1 && part[0] == '0')) fail("'" + part + "' is no index");
  if (index >= array.size() + (may_append ? 1 : 0)) fail("index " + part + " is behind the end");
  return index;
}

std::string text_of(const json::Object& step, const char* name) {
  const auto* value = step.find(name);
  const auto* text = value == nullptr ? nullptr : value->get_if<std::string>();
  if (text == nullptr) fail(std::string("a step has no ") + name);
  return *text;
}

/// One step, carried down to where it applies; each level is rebuilt, for objects hand out constant members only.
class Step {
 public:
  explicit Step(const json::Object& step)
      : op_(text_of(step, "op")), parts_(parts_of(text_of(step, "path"))), value_(step.find("value")) {
    if (op_ != "remove" && value_ == nullptr) fail(op_ + " has no value");
  }

  json::Value apply(json::Value at, std::size_t level = 0) const {
    if (level == parts_.size()) return on_whole(at);
    const bool last = level + 1 == parts_.size();
    const std::string& part = parts_[level];
    if (const auto* object = at.get_if<json::Object>()) return in_object(*object, part, last, level);
    if (const auto* array = at.get_if<json::Array>()) return in_array(*array, part, last, level);
    fail("'" + part + "' is below " + at.kind());
  }

 private:
  json::Value on_whole(const json::Value& at) const {
    if (op_ == "add" || op_ == "replace") return *value_;
    if (op_ != "test") fail(op_ + " of a whole document");
    if (!(at == *value_)) fail("a test fails");
    return at;
  }

  json::Value in_object(json::Object object, const std::string& part, bool last, std::size_t level) const {
    const json::Value* member = object.find(part);
    if (last && op_ == "add") {
      object.set(part, *value_);
      return object;
    }
    if (member == nullptr) fail("there is no member '" + part + "'");
    if (last && op_ == "remove") {
      json::Object rest;
      for (const auto& [name, value] : object.members()) {
        if (name != part) rest.set(name, value);
      }
      return rest;
    }
    object.set(part, apply(*member, level + 1));
    return object;
  }

  json::Value in_array(json::Array array, const std::string& part, bool last, std::size_t level) const {
    const std::size_t index = index_in(array, part, last && op_ == "add");
    const auto place = array.begin() + static_cast<std::ptrdiff_t>(index);
    if (last && op_ == "add") {
      array.insert(place, *value_);
    } else if (last && op_ == "remove") {
      array.erase(place);
    } else {
      *place = apply(*place, level + 1);
    }
    return array;
  }

  std::string op_;
  std::vector<std::string> parts_;
  const json::Value* value_;
};

}  // namespace

json::Value apply_patch(json::Value document, const json::Value& patch) {
  const auto* steps = patch.get_if<json::Array>();
  if (steps == nullptr) fail("it is no array");
  for (const auto& step : *steps) {
    const auto* object = step.get_if<json::Object>();
    if (object == nullptr) fail("a step is no object");
    document = Step(*object).apply(std::move(document));
  }
  return document;
}

}  // namespace gapstow::test
