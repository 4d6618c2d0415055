// What all fuzz targets share. A target defines LLVMFuzzerTestOneInput through FUZZ_TARGET, lets only
// gapstow's own Error pass for a refusal, and states its property with require().
#pragma once

#include <cstddef>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <optional>
#include <utility>

#include "gapstow/base/bytes.h"
#include "gapstow/base/error.h"

namespace gapstow::fuzz {

/// Ends the process when a property does not hold, so that fuzzers and the replay see it.
inline void require(bool holds, const char* property) {
  if (holds) return;
  std::fprintf(stderr, "property violated: %s\n", property);
  std::abort();
}

/// What `body` returns, or nothing when it refuses with an Error that is not a fault of gapstow itself.
template <typename Body>
auto accepted(Body&& body) -> std::optional<decltype(body())> {
  try {
    return body();
  } catch (const base::Error& error) {
    require(error.code() != base::ErrorCode::internal, "hostile input is no internal fault");
    return std::nullopt;
  }
}

}  // namespace gapstow::fuzz

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size);

/// FUZZ_TARGET(input) { ... }: the body sees the input as base::ByteView.
#define FUZZ_TARGET(input)                                                            \
  static void fuzz_one(gapstow::base::ByteView input);                                \
  extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) { \
    fuzz_one(std::as_bytes(std::span<const std::uint8_t>(data, size)));               \
    return 0;                                                                         \
  }                                                                                   \
  static void fuzz_one(gapstow::base::ByteView input)
