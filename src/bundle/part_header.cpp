#include "part_header.h"

#include <array>

#include "gapstow/base/checked.h"
#include "gapstow/base/error.h"
#include "gapstow/base/text.h"
#include "gapstow/bundle/parts.h"
#include "gapstow/bundle/statement.h"
#include "gapstow/json/cursor.h"
#include "gapstow/json/parse.h"
#include "gapstow/json/write.h"

namespace gapstow::bundle {
namespace {

using base::Error;
using base::ErrorCode;

constexpr std::string_view kPartType = "urn:gapstow:part:v1";
constexpr std::string_view kPartStart = R"({"_type":"urn:gapstow:part:)";

std::string header_text(const PartHeader& header) {
  json::Object out{{"bundle", header.bundle.hex()}, {"count", header.count},         {"number", header.number},
                   {"offset", header.offset},       {"sha256", header.sha256.hex()}, {"size", header.size},
                   {"total", header.total}};
  out.set("_type", kPartType);
  return json::serialize(out);
}

/// The JSON text of a header, without the spaces and the line feed behind it.
base::ByteView unframed(base::ByteView bytes) {
  if (bytes.back() != std::byte{'\n'})
    throw Error(ErrorCode::malformed, "the part header does not end with a line feed");
  bytes = bytes.first(bytes.size() - 1);
  while (!bytes.empty() && bytes.back() == std::byte{' '}) bytes = bytes.first(bytes.size() - 1);
  return bytes;
}

PartHeader read_header(base::ByteView text) {
  const json::Value value = json::parse(text, {.bytes = kPartHeaderBytes});
  const json::Cursor root(value, "part header");
  if (const std::string& type = root.at("_type").string(); type != kPartType) {
    throw Error(ErrorCode::unsupported,
                "the part is of type '" + base::printable(type) + "', which this program does not know",
                "read it with a newer gapstow");
  }
  root.only({"_type", "bundle", "count", "number", "offset", "sha256", "size", "total"});
  PartHeader header;
  header.bundle = digest::Digest::from_sha256_hex(root.at("bundle").string());
  header.count = static_cast<std::uint32_t>(root.at("count").integer(1, kMaxParts));
  header.number = static_cast<std::uint32_t>(root.at("number").integer(1, header.count));
  header.offset = root.at("offset").unsigned_integer();
  header.sha256 = digest::Digest::from_sha256_hex(root.at("sha256").string());
  header.size = root.at("size").unsigned_integer();
  header.total = root.at("total").unsigned_integer();
  return header;
}

/// A part holds something, the first part begins at the front and only the last ends at the end.
void check_place(const PartHeader& header) {
  base::check_limit(header.total, kMaxBundleBytes, "part header: size of the bundle");
  const std::uint64_t end = base::checked_add(header.offset, header.size);
  if (header.size == 0 || end > header.total || (header.offset == 0) != (header.number == 1) ||
      (end == header.total) != (header.number == header.count)) {
    throw Error(ErrorCode::malformed, "part header: offset and sizes contradict each other");
  }
}

}  // namespace

bool is_part_start(base::ByteView bytes) { return base::as_text(bytes).starts_with(kPartStart); }

base::Bytes write_part_header(const PartHeader& header) {
  base::Bytes bytes = base::to_bytes(header_text(header));
  if (bytes.size() >= kPartHeaderBytes) throw Error(ErrorCode::internal, "a part header is too long");
  bytes.resize(kPartHeaderBytes - 1, std::byte{' '});
  bytes.push_back(std::byte{'\n'});
  return bytes;
}

PartHeader parse_part_header(base::ByteView bytes) {
  if (bytes.size() > kPartHeaderBytes) throw Error(ErrorCode::malformed, "a part header has 512 bytes");
  const base::ByteView start = bytes.first(std::min(bytes.size(), kPartStart.size()));
  if (!kPartStart.starts_with(base::as_text(start)))
    throw Error(ErrorCode::malformed, "not a part of a gapstow bundle");
  if (bytes.size() < kPartHeaderBytes) throw Error(ErrorCode::truncated, "ends in the part header");
  PartHeader header = read_header(unframed(bytes));
  check_place(header);
  if (!base::equal(write_part_header(header), bytes)) {
    throw Error(ErrorCode::malformed, "part header: not the canonical text of what it says");
  }
  return header;
}

bool looks_like_part(base::File& file) {
  std::array<std::byte, kPartStart.size()> start{};
  return file.read_at(0, start) == start.size() && is_part_start(start);
}

}  // namespace gapstow::bundle
