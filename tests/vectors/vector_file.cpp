#include "vectors/vector_file.h"

#include <zstd.h>

#include <stdexcept>

namespace gapstow::test {
namespace {

constexpr std::size_t kMostBytes = 16 << 20;

base::Bytes decompress(std::string_view data) {
  const unsigned long long size = ZSTD_getFrameContentSize(data.data(), data.size());
  if (size > kMostBytes) throw std::runtime_error("vector: no zstd frame of a known, small size");
  base::Bytes out(static_cast<std::size_t>(size));
  const std::size_t count = ZSTD_decompress(out.data(), out.size(), data.data(), data.size());
  if (ZSTD_isError(count) || count != out.size()) throw std::runtime_error("vector: damaged zstd frame");
  return out;
}

std::string compress(base::ByteView bytes) {
  std::string out(ZSTD_compressBound(bytes.size()), '\0');
  const std::size_t count = ZSTD_compress(out.data(), out.size(), bytes.data(), bytes.size(), 19);
  if (ZSTD_isError(count)) throw std::runtime_error("vector: zstd cannot compress");
  out.resize(count);
  return out;
}

}  // namespace

VectorFile parse_vector(const std::string& file) {
  VectorFile vector;
  std::string_view rest = file;
  for (;;) {
    const std::size_t end = rest.find('\n');
    if (end == std::string_view::npos) throw std::runtime_error("vector: no blank line behind the header");
    const std::string_view line = rest.substr(0, end);
    rest.remove_prefix(end + 1);
    if (line.empty()) break;
    const std::size_t colon = line.find(": ");
    if (colon == std::string_view::npos) throw std::runtime_error("vector: not a header line: " + std::string(line));
    vector.header.emplace_back(line.substr(0, colon), line.substr(colon + 2));
  }
  vector.bytes = decompress(rest);
  return vector;
}

std::string write_vector(const VectorFile& vector) {
  std::string out;
  for (const auto& [name, value] : vector.header) out += name + ": " + value + "\n";
  return out + "\n" + compress(vector.bytes);
}

std::vector<std::string> VectorHeader::take_all(const std::string& name) {
  std::vector<std::string> values;
  std::erase_if(rest_, [&](const auto& line) {
    if (line.first != name) return false;
    values.push_back(line.second);
    return true;
  });
  return values;
}

std::string VectorHeader::take(const std::string& name) {
  const auto values = take_all(name);
  if (values.size() != 1) throw std::runtime_error("vector: expected one line '" + name + "'");
  return values.front();
}

std::string VectorHeader::take_or(const std::string& name, const std::string& otherwise) {
  const auto values = take_all(name);
  if (values.size() > 1) throw std::runtime_error("vector: expected at most one line '" + name + "'");
  return values.empty() ? otherwise : values.front();
}

void VectorHeader::done() const {
  if (!rest_.empty()) throw std::runtime_error("vector: unknown header line '" + rest_.front().first + "'");
}

}  // namespace gapstow::test
