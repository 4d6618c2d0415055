// Sources for tests: bytes in pieces of chosen sizes, and an error where one is wanted.
#pragma once

#include <optional>
#include <utility>
#include <vector>

#include "gapstow/base/error.h"
#include "gapstow/base/stream.h"

namespace gapstow::test {

/// Gives its bytes in reads of at most the given sizes, in turn and again from the first; 0 counts as 1.
class ChunkedSource final : public base::Source {
 public:
  ChunkedSource(base::Bytes bytes, std::vector<std::size_t> sizes)
      : bytes_(std::move(bytes)), sizes_(std::move(sizes)) {}

  /// After all bytes comes this error instead of the end.
  ChunkedSource& then_fail(base::Error error) {
    error_ = std::move(error);
    return *this;
  }

  std::size_t read(std::span<std::byte> out) override;

 private:
  base::Bytes bytes_;
  std::vector<std::size_t> sizes_;
  std::optional<base::Error> error_;
  std::size_t at_ = 0;
  std::size_t turn_ = 0;
};

}  // namespace gapstow::test
