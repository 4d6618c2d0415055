#include "gapstow/archive/ustar.h"

#include <algorithm>
#include <array>
#include <cstddef>

#include "gapstow/base/checked.h"
#include "gapstow/base/error.h"
#include "gapstow/base/text.h"

namespace gapstow::archive {
namespace {

using Block = std::array<char, kBlock>;

constexpr std::size_t kNameField = 100;
constexpr std::size_t kPrefixField = 155;
constexpr std::size_t kMaxName = kPrefixField + 1 + kNameField;
constexpr std::string_view kPaxName = "pax-size";

bool is_name_character(char c) {
  return (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') ||
         std::string_view("._-+@:=,~% ").find(c) != std::string_view::npos;
}

bool is_part(std::string_view part) {
  return !part.empty() && part != "." && part != ".." && std::ranges::all_of(part, is_name_character);
}

struct SplitName {
  std::string_view prefix;
  std::string_view name;
  bool fits = false;
};

/// The name in one field where it fits, else cut at the last slash that leaves a prefix of at most 155 bytes.
SplitName split_name(std::string_view name) {
  if (name.size() <= kNameField) return {{}, name, true};
  if (name.size() > kMaxName) return {};
  const std::size_t slash = name.rfind('/', kPrefixField);
  if (slash == std::string_view::npos || slash == 0) return {};
  const std::string_view rest = name.substr(slash + 1);
  return {name.substr(0, slash), rest, !rest.empty() && rest.size() <= kNameField};
}

void put_text(Block& block, std::size_t offset, std::string_view text) {
  std::ranges::copy(text, block.begin() + static_cast<std::ptrdiff_t>(offset));
}

/// `digits` octal digits and a NUL.
void put_octal(Block& block, std::size_t offset, std::size_t digits, std::uint64_t value) {
  for (std::size_t i = digits; i-- > 0; value /= 8) block[offset + i] = static_cast<char>('0' + value % 8);
}

Block make_block(const SplitName& name, std::uint64_t size, char type) {
  Block block{};
  put_text(block, 0, name.name);
  put_octal(block, 100, 7, 0444);
  put_octal(block, 108, 7, 0);
  put_octal(block, 116, 7, 0);
  put_octal(block, 124, 11, size);
  put_octal(block, 136, 11, 0);
  put_text(block, 148, "        ");
  block[156] = type;
  put_text(block, 257, std::string_view("ustar\00000", 8));
  put_octal(block, 329, 7, 0);
  put_octal(block, 337, 7, 0);
  put_text(block, 345, name.prefix);
  std::uint64_t sum = 0;
  for (const char c : block) sum += static_cast<unsigned char>(c);
  put_octal(block, 148, 6, sum);
  block[154] = '\0';
  return block;
}

/// "<length> size=<size>\n", where the length counts itself.
std::string size_record(std::uint64_t size) {
  const std::string body = " size=" + std::to_string(size) + "\n";
  std::size_t length = body.size() + 1;
  while (std::to_string(length).size() + body.size() != length) ++length;
  return std::to_string(length) + body;
}

void append_block(base::Bytes& to, const Block& block) {
  base::append(to, base::as_bytes(std::string_view(block.data(), block.size())));
}

}  // namespace

bool is_canonical_name(std::string_view name) {
  if (name.empty() || !std::ranges::all_of(base::split(name, '/'), is_part)) return false;
  return split_name(name).fits;
}

base::Bytes make_header(std::string_view name, std::uint64_t size) {
  if (!is_canonical_name(name)) {
    throw base::Error(base::ErrorCode::limit_exceeded,
                      "entry name has no canonical tar form: " + base::printable(name));
  }
  base::check_limit(size, kMaxEntrySize, "size of entry " + std::string(name));
  base::Bytes header;
  if (size <= kMaxUstarSize) {
    append_block(header, make_block(split_name(name), size, '0'));
    return header;
  }
  const std::string record = size_record(size);
  Block content{};
  put_text(content, 0, record);
  append_block(header, make_block({{}, kPaxName, true}, record.size(), 'x'));
  append_block(header, content);
  append_block(header, make_block(split_name(name), 0, '0'));
  return header;
}

std::uint64_t entry_span(std::string_view name, std::uint64_t size) {
  if (!is_canonical_name(name)) {
    throw base::Error(base::ErrorCode::limit_exceeded,
                      "entry name has no canonical tar form: " + base::printable(name));
  }
  base::check_limit(size, kMaxEntrySize, "size of entry " + std::string(name));
  const std::uint64_t header = size <= kMaxUstarSize ? kBlock : 3 * kBlock;
  return header + size + padding_of(size);
}

}  // namespace gapstow::archive
