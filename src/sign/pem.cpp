#include "pem.h"

#include "gapstow/base/checked.h"
#include "gapstow/base/encoding.h"
#include "gapstow/base/error.h"

namespace gapstow::sign {
namespace {

constexpr std::string_view kBegin = "-----BEGIN ";
constexpr std::string_view kEnd = "-----END ";
constexpr std::string_view kDashes = "-----";
constexpr std::string_view kSpace = " \t\r\n";
constexpr std::size_t kMaxLabel = 64;

[[noreturn]] void refuse(const std::string& why) { throw base::Error(base::ErrorCode::malformed, why); }

/// Cuts PEM blocks off the front of a text.
class PemReader {
 public:
  explicit PemReader(std::string_view text) : rest_(text) {}

  bool skip_to_block() {
    rest_.remove_prefix(std::min(rest_.find_first_not_of(kSpace), rest_.size()));
    if (rest_.empty()) return false;
    if (!rest_.starts_with(kBegin)) refuse("text outside of a PEM block");
    return true;
  }

  PemBlock block() {
    rest_.remove_prefix(kBegin.size());
    PemBlock block{label(), {}};
    end_line();
    const std::string closing = std::string(kEnd) + block.label + std::string(kDashes);
    const auto end = rest_.find(kEnd);
    if (end == std::string_view::npos || !rest_.substr(end).starts_with(closing)) {
      refuse("PEM block '" + block.label + "' has no END line of its own");
    }
    if (end == 0 || rest_[end - 1] != '\n') refuse("END line of a PEM block does not start a line");
    block.der = decode(rest_.substr(0, end));
    rest_.remove_prefix(end + closing.size());
    end_line();
    return block;
  }

 private:
  std::string label() {
    const auto size = rest_.find(kDashes);
    if (size == 0 || size > kMaxLabel) refuse("PEM block has no name");
    const auto label = rest_.substr(0, size);
    for (const char c : label) {
      if (!(c >= 'A' && c <= 'Z') && !(c >= '0' && c <= '9') && c != ' ') refuse("name of a PEM block is not plain");
    }
    rest_.remove_prefix(size + kDashes.size());
    return std::string(label);
  }

  void end_line() {
    const auto next = rest_.find_first_not_of(" \t\r");
    if (next == std::string_view::npos) {
      rest_ = {};
      return;
    }
    if (rest_[next] != '\n') refuse("text behind a BEGIN or END line of a PEM block");
    rest_.remove_prefix(next + 1);
  }

  static base::Bytes decode(std::string_view body) {
    std::string digits;
    digits.reserve(body.size());
    for (const char c : body) {
      if (kSpace.find(c) == std::string_view::npos) digits += c;
    }
    if (digits.empty()) refuse("PEM block is empty");
    try {
      return base::from_base64(digits);
    } catch (const base::Error&) {
      refuse("PEM block does not hold base64");
    }
  }

  std::string_view rest_;
};

}  // namespace

std::vector<PemBlock> read_pem(std::string_view text, std::size_t max_blocks) {
  base::check_limit(text.size(), kMaxPemBytes, "length of a PEM text");
  std::vector<PemBlock> blocks;
  PemReader reader(text);
  while (reader.skip_to_block()) {
    base::check_limit(blocks.size() + 1, max_blocks, "blocks of a PEM text");
    blocks.push_back(reader.block());
  }
  return blocks;
}

std::string write_pem(std::string_view label, base::ByteView der) {
  constexpr std::size_t kColumns = 64;
  const std::string digits = base::base64(der);
  std::string text = std::string(kBegin) + std::string(label) + std::string(kDashes) + "\n";
  for (std::size_t at = 0; at < digits.size(); at += kColumns) text += digits.substr(at, kColumns) + "\n";
  return text + std::string(kEnd) + std::string(label) + std::string(kDashes) + "\n";
}

}  // namespace gapstow::sign
