#include "gapstow/base/error.h"

#include <algorithm>
#include <array>

#include "gapstow/base/text.h"

namespace gapstow::base {
namespace {

struct Row {
  ErrorCode code;
  std::string_view name;
  int exit;
};

constexpr std::array kRows{
    Row{ErrorCode::signature_invalid, "signature_invalid", 1},
    Row{ErrorCode::threshold_unmet, "threshold_unmet", 1},
    Row{ErrorCode::untrusted_key, "untrusted_key", 1},
    Row{ErrorCode::untrusted_root, "untrusted_root", 1},
    Row{ErrorCode::pin_mismatch, "pin_mismatch", 1},
    Row{ErrorCode::name_mismatch, "name_mismatch", 1},
    Row{ErrorCode::digest_mismatch, "digest_mismatch", 1},
    Row{ErrorCode::role_invalid, "role_invalid", 1},
    Row{ErrorCode::chain_incomplete, "chain_incomplete", 1},
    Row{ErrorCode::equivocation, "equivocation", 1},
    Row{ErrorCode::target_missing, "target_missing", 1},
    Row{ErrorCode::target_mismatch, "target_mismatch", 1},
    Row{ErrorCode::usage, "usage", 2},
    Row{ErrorCode::invalid_reference, "invalid_reference", 2},
    Row{ErrorCode::digest_unavailable, "digest_unavailable", 2},
    Row{ErrorCode::not_found, "not_found", 3},
    Row{ErrorCode::io_read, "io_read", 3},
    Row{ErrorCode::io_write, "io_write", 3},
    Row{ErrorCode::conflict, "conflict", 3},
    Row{ErrorCode::key_unusable, "key_unusable", 3},
    Row{ErrorCode::state_unavailable, "state_unavailable", 3},
    Row{ErrorCode::clock_behind, "clock_behind", 3},
    Row{ErrorCode::network, "network", 3},
    Row{ErrorCode::unauthorized, "unauthorized", 3},
    Row{ErrorCode::internal, "internal", 3},
    Row{ErrorCode::truncated, "truncated", 4},
    Row{ErrorCode::malformed, "malformed", 4},
    Row{ErrorCode::limit_exceeded, "limit_exceeded", 4},
    Row{ErrorCode::unsupported, "unsupported", 4},
    Row{ErrorCode::expired, "expired", 5},
    Row{ErrorCode::rollback, "rollback", 6},
    Row{ErrorCode::denied, "denied", 7},
    Row{ErrorCode::interrupted, "interrupted", 130},
};

constexpr auto kCodes = [] {
  std::array<ErrorCode, kRows.size()> codes{};
  for (std::size_t i = 0; i < kRows.size(); ++i) codes[i] = kRows[i].code;
  return codes;
}();

const Row& row(ErrorCode code) { return kRows[static_cast<std::size_t>(code)]; }

}  // namespace

std::string_view name(ErrorCode code) { return row(code).name; }

int exit_code(ErrorCode code) { return row(code).exit; }

std::optional<ErrorCode> error_code_from_name(std::string_view name) {
  const auto found = std::ranges::find(kRows, name, &Row::name);
  if (found == kRows.end()) return std::nullopt;
  return found->code;
}

std::span<const ErrorCode> all_error_codes() { return kCodes; }

Error::Error(ErrorCode code, std::string why, std::string hint)
    : code_(code), why_(std::move(why)), hint_(std::move(hint)) {}

Error& Error::within(std::string where) {
  context_.insert(context_.begin(), std::move(where));
  return *this;
}

Error& Error::advise(std::string hint) {
  if (hint_.empty()) hint_ = std::move(hint);
  return *this;
}

std::string Error::line() const {
  std::string text;
  for (const auto& where : context_) text += where + ": ";
  return printable(text + why_);
}

}  // namespace gapstow::base
