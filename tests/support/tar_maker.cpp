#include "support/tar_maker.h"

#include <archive.h>
#include <archive_entry.h>

#include <array>
#include <cstdio>
#include <cstring>
#include <stdexcept>

#include "gapstow/base/error.h"

namespace gapstow::test {
namespace {

constexpr std::size_t kBlock = 512;

std::string octal(std::uint64_t value, int digits) {
  std::array<char, 32> text{};
  std::snprintf(text.data(), text.size(), "%0*llo", digits, static_cast<unsigned long long>(value));
  return text.data();
}

void put(std::string& block, std::size_t offset, std::string_view text, std::size_t room) {
  block.replace(offset, std::min(text.size(), room), text.substr(0, room));
}

std::string padded(std::string_view content) {
  std::string bytes(content);
  bytes.resize((bytes.size() + kBlock - 1) / kBlock * kBlock, '\0');
  return bytes;
}

std::string little_endian(std::uint32_t value, int count) {
  std::string bytes;
  for (int i = 0; i < count; ++i) bytes.push_back(static_cast<char>(value >> (8 * i)));
  return bytes;
}

std::uint32_t plain_crc32(std::string_view bytes) {
  std::uint32_t crc = ~0U;
  for (const char c : bytes) {
    crc ^= static_cast<unsigned char>(c);
    for (int bit = 0; bit < 8; ++bit) crc = (crc >> 1) ^ ((crc & 1) != 0 ? 0xedb88320U : 0);
  }
  return ~crc;
}

/// One filter of libarchive around raw content.
std::string filtered(std::string_view content, int filter) {
  std::string out(content.size() + content.size() / 4 + 4096, '\0');
  std::size_t used = 0;
  ::archive* writer = archive_write_new();
  ::archive_entry* entry = archive_entry_new();
  archive_entry_set_filetype(entry, AE_IFREG);
  archive_entry_set_pathname(entry, "data");
  bool good = archive_write_add_filter(writer, filter) == ARCHIVE_OK &&
              archive_write_set_format_raw(writer) == ARCHIVE_OK &&
              archive_write_set_bytes_in_last_block(writer, 1) == ARCHIVE_OK &&
              archive_write_open_memory(writer, out.data(), out.size(), &used) == ARCHIVE_OK &&
              archive_write_header(writer, entry) == ARCHIVE_OK &&
              archive_write_data(writer, content.data(), content.size()) >= 0;
  good = archive_write_close(writer) == ARCHIVE_OK && good;
  archive_entry_free(entry);
  archive_write_free(writer);
  if (!good) throw std::runtime_error("libarchive cannot compress");
  out.resize(used);
  return out;
}

class SharedTextFile final : public base::File {
 public:
  SharedTextFile(std::shared_ptr<const std::string> text, std::shared_ptr<std::uint64_t> count)
      : text_(std::move(text)), count_(std::move(count)) {}
  std::size_t read_at(std::uint64_t offset, std::span<std::byte> out) override {
    if (offset >= text_->size()) return 0;
    const std::size_t count = std::min<std::size_t>(out.size(), text_->size() - offset);
    std::memcpy(out.data(), text_->data() + offset, count);
    *count_ += count;
    return count;
  }
  void write_at(std::uint64_t, base::ByteView) override { throw std::logic_error("read only"); }
  std::uint64_t size() override { return text_->size(); }
  void sync() override {}
  void start_writeback(std::uint64_t, std::uint64_t) override {}

 private:
  std::shared_ptr<const std::string> text_;
  std::shared_ptr<std::uint64_t> count_;
};

}  // namespace

TarMaker& TarMaker::member(const TarHeader& header, std::string_view content) {
  std::string block(kBlock, '\0');
  put(block, 0, header.name, 100);
  put(block, 100, "0000644", 8);
  put(block, 108, "0000000", 8);
  put(block, 116, "0000000", 8);
  put(block, 124, header.size_field.empty() ? octal(header.size, 11) : header.size_field, 12);
  put(block, 136, "00000000000", 12);
  put(block, 148, "        ", 8);
  block[156] = header.type;
  put(block, 157, header.link, 100);
  put(block, 257, std::string_view("ustar\00000", 8), 8);
  put(block, 345, header.prefix, 155);
  int sum = header.checksum_error;
  for (const char c : block) sum += static_cast<unsigned char>(c);
  put(block, 148, octal(static_cast<std::uint64_t>(sum), 6) + std::string(1, '\0') + " ", 8);
  bytes_ += block + padded(content);
  return *this;
}

TarMaker& TarMaker::file(const std::string& name, std::string_view content) {
  TarHeader header;
  header.name = name;
  header.size = content.size();
  return member(header, content);
}

TarMaker& TarMaker::folder(const std::string& name) {
  TarHeader header;
  header.name = name;
  header.type = '5';
  return member(header);
}

TarMaker& TarMaker::symlink(const std::string& name, const std::string& target) {
  TarHeader header;
  header.name = name;
  header.type = '2';
  header.link = target;
  return member(header);
}

TarMaker& TarMaker::hardlink(const std::string& name, const std::string& target) {
  TarHeader header;
  header.name = name;
  header.type = '1';
  header.link = target;
  return member(header);
}

TarMaker& TarMaker::pax(const std::vector<std::pair<std::string, std::string>>& records, char type) {
  std::string body;
  for (const auto& [key, value] : records) {
    const std::string rest = " " + key + "=" + value + "\n";
    std::size_t length = rest.size() + 1;
    while (std::to_string(length).size() + rest.size() != length) ++length;
    body += std::to_string(length) + rest;
  }
  TarHeader header;
  header.name = "PaxHeaders/x";
  header.type = type;
  header.size = body.size();
  return member(header, body);
}

TarMaker& TarMaker::gnu_long(std::string_view text, char type) {
  TarHeader header;
  header.name = "././@LongLink";
  header.type = type;
  const std::string body = std::string(text) + '\0';
  header.size = body.size();
  return member(header, body);
}

TarMaker& TarMaker::raw(std::string_view bytes) {
  bytes_ += bytes;
  return *this;
}

std::string TarMaker::finish(std::size_t zero_blocks) const { return bytes_ + std::string(zero_blocks * kBlock, '\0'); }

std::string gzip_stored(std::string_view content) {
  std::string out("\x1f\x8b\x08\x00\x00\x00\x00\x00\x00\xff", 10);
  std::string_view rest = content;
  do {
    const std::string_view piece = rest.substr(0, 65535);
    rest.remove_prefix(piece.size());
    out.push_back(rest.empty() ? '\1' : '\0');
    const auto length = static_cast<std::uint32_t>(piece.size());
    out += little_endian(length, 2) + little_endian(~length, 2);
    out += piece;
  } while (!rest.empty());
  return out + little_endian(plain_crc32(content), 4) + little_endian(static_cast<std::uint32_t>(content.size()), 4);
}

std::string gzip(std::string_view content) { return filtered(content, ARCHIVE_FILTER_GZIP); }
std::string zstd(std::string_view content) { return filtered(content, ARCHIVE_FILTER_ZSTD); }

void MemoryFs::add(const std::string& path, std::string content) {
  files_[path] = std::make_shared<const std::string>(std::move(content));
}

std::unique_ptr<base::File> MemoryFs::open(const std::string& path) {
  const auto found = files_.find(path);
  if (found == files_.end()) throw base::Error(base::ErrorCode::not_found, "no file " + path);
  return std::make_unique<SharedTextFile>(found->second, bytes_read_);
}

std::optional<base::FileStatus> MemoryFs::status(const std::string& path) {
  base::FileStatus status;
  if (const auto found = files_.find(path); found != files_.end()) {
    status.kind = base::FileStatus::Kind::regular;
    status.size = found->second->size();
    return status;
  }
  status.kind = base::FileStatus::Kind::folder;
  const auto below = files_.lower_bound(path + "/");
  if (below != files_.end() && below->first.starts_with(path + "/")) return status;
  return std::nullopt;
}

std::vector<std::string> MemoryFs::list(const std::string& folder) {
  std::vector<std::string> names;
  for (const auto& [path, text] : files_) {
    if (!path.starts_with(folder + "/")) continue;
    std::string name = path.substr(folder.size() + 1);
    name = name.substr(0, name.find('/'));
    if (names.empty() || names.back() != name) names.push_back(name);
  }
  return names;
}

std::string drain(base::Source& source) { return std::string(base::as_text(base::read_all(source, 1ULL << 32))); }

}  // namespace gapstow::test
