// Accepted JSON has one reading: what is parsed, written and parsed again is the same value, in each form.
#include "fuzz/fuzz.h"
#include "fuzz/heap.h"
#include "gapstow/json/parse.h"
#include "gapstow/json/write.h"

namespace {

using namespace gapstow;

json::Value again(const std::string& text) { return json::parse(base::as_bytes(text)); }

void check_round_trip(const json::Value& value) {
  const std::string text = json::serialize(value);
  fuzz::require(again(text) == value, "serialize keeps the value");
  fuzz::require(json::serialize(again(text)) == text, "serialize has one spelling");
  fuzz::require(again(json::pretty(value)) == value, "pretty keeps the value");
}

void check_canonical(const json::Value& value) {
  const std::string text = json::canonical(value);
  const bool controls = std::ranges::any_of(text, [](char c) { return static_cast<unsigned char>(c) < 0x20; });
  const auto read = fuzz::accepted([&] { return again(text); });
  fuzz::require(read.has_value() != controls, "canonical is JSON unless it holds a raw control character");
  if (!read) return;
  fuzz::require(*read == value, "canonical keeps the value");
  fuzz::require(json::canonical(*read) == text, "canonical is idempotent");
}

}  // namespace

FUZZ_TARGET(input) {
  const fuzz::HeapLimit heap(fuzz::kParsedBase + fuzz::kParsedPerByte * input.size());
  const auto value = fuzz::accepted([&] { return json::parse(input); });
  json::ParseLimits reals;
  reals.reals = true;
  const auto lenient = fuzz::accepted([&] { return json::parse(input, reals); });
  if (!value) return;
  fuzz::require(lenient == value, "a document without reals reads alike where reals are allowed");
  check_round_trip(*value);
  check_canonical(*value);
}
