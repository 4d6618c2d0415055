// What a request must keep to beyond what the parser demands: shapes that other programs read in another way are
// refused. Source: RFC 9112 sections 2, 3, 5, 6 and 11.2 (request smuggling).
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace gapstow::serve {

inline constexpr std::size_t kMaxFields = 100;

/// Why a request is not answered by a route.
struct Refusal {
  unsigned status = 400;
  std::string_view code;  ///< for the document: "BAD_REQUEST"
  std::string reason;
};

Refusal bad_request(std::string reason);

/// Looks at each byte of a head once, as it comes in: line ends are CR LF, lines are not folded, no control characters.
class HeadScan {
 public:
  /// `head` is all that came so far.
  std::optional<Refusal> look(std::string_view head);
  /// Length of the head with its empty line; 0 as long as that has not come.
  std::size_t end() const { return end_; }

 private:
  std::size_t seen_ = 0;
  std::size_t end_ = 0;
};

/// How the body of a request is told from what follows it, and for whom it is: exactly one reading is left.
class FieldRules {
 public:
  std::optional<Refusal> start(std::string_view method, std::string_view target, int version);
  /// `name` in small letters.
  std::optional<Refusal> field(std::string_view name, std::string_view value);
  /// After the last field.
  std::optional<Refusal> end() const;

  bool is_chunked() const { return chunked_; }
  std::uint64_t length() const { return length_.value_or(0); }
  bool keeps_alive() const { return version_ == 11 ? !close_ : keep_alive_; }
  bool expects_continue() const { return expects_continue_; }
  bool is_old() const { return version_ == 10; }

 private:
  std::optional<Refusal> transfer_encoding(std::string_view value);
  std::optional<Refusal> content_length(std::string_view value);
  std::optional<Refusal> host(std::string_view value);
  void connection(std::string_view value);

  int version_ = 11;
  std::size_t fields_ = 0;
  bool host_ = false;
  bool chunked_ = false;
  std::optional<std::uint64_t> length_;
  bool close_ = false;
  bool keep_alive_ = false;
  bool expects_ = false;
  bool expects_continue_ = false;
};

}  // namespace gapstow::serve
