// Faults of the container: the bytes around and inside the entries.
#include <algorithm>

#include "gapstow/archive/ustar.h"
#include "vectors/bundle_forge.h"

namespace gapstow::test {
namespace {

constexpr std::size_t kLayers = 6;  ///< index of the first layer in small_content()
constexpr std::size_t kTypeField = 156;
constexpr std::size_t kSizeField = 124;

BundleContent content_with_layer(base::ByteView layer) {
  return BundleMaker().image("example.test/app:1.1", {base::to_bytes(layer)}).content();
}

base::Bytes right() {
  const Forge forge(small_content());
  return forge.assemble(forge.signed_envelope({&alice()}));
}

/// A right bundle of which one piece is spoiled.
base::Bytes forged(const std::function<void(Forge&)>& spoil) {
  Forge forge(small_content());
  const std::string envelope = forge.signed_envelope({&alice()});
  spoil(forge);
  return forge.assemble(envelope);
}

base::Bytes cut(std::size_t length) {
  base::Bytes bytes = right();
  bytes.resize(length);
  return bytes;
}

base::Bytes cut_from_end(std::size_t count) { return cut(right().size() - count); }

/// Sets bytes of a header and makes its checksum right again.
void set_field(base::Bytes& header, std::size_t offset, std::string_view text) {
  const std::size_t block = offset / 512 * 512;
  std::ranges::copy(base::as_bytes(text), header.begin() + static_cast<std::ptrdiff_t>(offset));
  const std::span<std::byte> sum_field = std::span(header).subspan(block + 148, 8);
  std::ranges::fill(sum_field, std::byte{' '});
  unsigned sum = 0;
  for (std::size_t i = block; i < block + 512; ++i) sum += std::to_integer<unsigned>(header[i]);
  for (std::size_t i = 6; i-- > 0; sum /= 8) sum_field[i] = static_cast<std::byte>('0' + sum % 8);
  sum_field[6] = std::byte{0};
}

base::Bytes with_field(std::size_t offset, std::string_view text) {
  return forged([&](Forge& forge) { set_field(forge.entries[kLayers].header, offset, text); });
}

ForgedEntry make_entry(const std::string& name, std::string_view text, char type) {
  ForgedEntry entry{archive::make_header(name, text.size()), base::to_bytes(text),
                    base::Bytes(archive::padding_of(text.size()))};
  set_field(entry.header, kTypeField, std::string(1, type));
  return entry;
}

base::Bytes with_entry_before(const ForgedEntry& extra) {
  return forged([&](Forge& forge) { forge.entries.insert(forge.entries.begin() + kLayers, extra); });
}

std::vector<BundleVector> right_ones() {
  Forge empty_layer(content_with_layer({}));
  Forge full_block(content_with_layer(base::as_bytes(std::string(512, 'x'))));
  return {
      {"ok-example", "ok", "Worked example", "one chain, one image of two layers", example_bundle()},
      {"ok-without-chain", "ok", "Statement", "no chain; a layer of no bytes has no padding",
       empty_layer.assemble(empty_layer.signed_envelope({&alice()}))},
      {"ok-full-block", "ok", "Container", "a layer of exactly one block has no padding",
       full_block.assemble(full_block.signed_envelope({&alice()}))},
  };
}

std::vector<BundleVector> cut_ones() {
  const std::size_t seal = 512;
  const std::size_t first = seal + Forge(small_content()).seal_size;
  return {
      {"truncated-empty", "truncated", "Container", "no byte at all", {}},
      {"truncated-seal-header", "truncated", "Container", "ends in the first header", cut(300)},
      {"truncated-seal", "truncated", "Seal", "ends in the seal", cut(seal + 1000)},
      {"truncated-seal-end", "truncated", "Seal", "the last space of the seal and all behind it is missing",
       cut(first - 1)},
      {"truncated-behind-seal", "truncated", "Container", "ends where the first entry should begin", cut(first)},
      {"truncated-entry-header", "truncated", "Container", "ends in the header of oci-layout", cut(first + 100)},
      {"truncated-content", "truncated", "Container", "ends in the content of oci-layout", cut(first + 512 + 10)},
      {"truncated-padding", "truncated", "Container", "ends in the padding of the last layer", cut_from_end(1024 + 1)},
      {"truncated-no-trailer", "truncated", "Container", "both zero blocks are missing", cut_from_end(1024)},
      {"truncated-half-trailer", "truncated", "Container", "one zero block instead of two", cut_from_end(512)},
      {"truncated-last-byte", "truncated", "Container", "the last byte is missing", cut_from_end(1)},
  };
}

std::vector<BundleVector> appended_ones() {
  const auto with = [](base::ByteView extra) {
    base::Bytes bytes = right();
    base::append(bytes, extra);
    return bytes;
  };
  const base::Bytes record(10240 - right().size() % 10240);
  return {
      {"appended-byte", "malformed", "Container", "one byte behind the trailer", with(base::as_bytes("x"))},
      {"appended-zero-block", "malformed", "Container", "a third zero block", with(base::Bytes(512))},
      {"appended-record", "malformed", "Container", "zeros up to a record of 20 blocks, as tar pads by default",
       with(record)},
      {"appended-bundle", "malformed", "Container", "a second bundle behind the first", with(right())},
  };
}

std::vector<BundleVector> flipped_ones() {
  const auto flip = [](base::Bytes& bytes, std::size_t at) { bytes.at(at) ^= std::byte{1}; };
  return {
      {"flip-seal-header", "malformed", "Headers", "a bit of the seal's header: mode",
       forged([&](Forge& f) { flip(f.seal_header, 104); })},
      {"flip-entry-header", "malformed", "Headers", "a bit of a layer's header: name",
       forged([&](Forge& f) { flip(f.entries[kLayers].header, 20); })},
      {"flip-header-checksum", "malformed", "Headers", "a bit of a checksum",
       forged([&](Forge& f) { flip(f.entries[kLayers].header, 150); })},
      {"flip-header-end", "malformed", "Headers", "a bit of the unused end of a header",
       forged([&](Forge& f) { flip(f.entries[kLayers].header, 511); })},
      {"flip-view", "digest_mismatch", "Container", "a bit of index.json",
       forged([&](Forge& f) { flip(f.entries[1].content, 3); })},
      {"flip-chain-file", "digest_mismatch", "Container", "a bit of a chain's root",
       forged([&](Forge& f) { flip(f.entries[2].content, 3); })},
      {"flip-manifest", "digest_mismatch", "Container", "a bit of a manifest",
       forged([&](Forge& f) { flip(f.entries[4].content, 3); })},
      {"flip-layer", "digest_mismatch", "Container", "a bit of a layer",
       forged([&](Forge& f) { flip(f.entries[kLayers].content, 0); })},
      {"flip-padding", "malformed", "Container", "a bit of the padding behind a layer",
       forged([&](Forge& f) { flip(f.entries[kLayers].padding, 200); })},
      {"flip-trailer", "malformed", "Container", "a bit of the trailer",
       forged([&](Forge& f) { flip(f.trailer, 1023); })},
  };
}

std::vector<BundleVector> moved_ones() {
  const auto extra = make_entry("extra.txt", "not in the statement", '0');
  return {
      {"entry-added", "malformed", "Container", "an entry before the trailer that the statement does not have",
       forged([&](Forge& f) { f.entries.push_back(extra); })},
      {"entry-inserted", "malformed", "Container", "an entry in the middle that the statement does not have",
       with_entry_before(extra)},
      {"entry-dropped", "malformed", "Container", "a layer is missing",
       forged([](Forge& f) { f.entries.erase(f.entries.begin() + kLayers); })},
      {"entry-dropped-last", "malformed", "Container", "the last layer is missing",
       forged([](Forge& f) { f.entries.pop_back(); })},
      {"entry-doubled", "malformed", "Container", "a layer stands there twice",
       forged([](Forge& f) { f.entries.insert(f.entries.begin() + kLayers, ForgedEntry(f.entries[kLayers])); })},
      {"entries-swapped", "malformed", "Container", "two layers in the other order",
       forged([](Forge& f) { std::swap(f.entries[kLayers], f.entries[kLayers + 1]); })},
      {"seal-not-first", "malformed", "Container", "oci-layout before the seal",
       [] {
         const Forge forge(small_content());
         base::Bytes bytes = forge.entries[0].header;
         base::append(bytes, forge.entries[0].content);
         base::append(bytes, forge.entries[0].padding);
         base::append(bytes, right());
         return bytes;
       }()},
      {"content-of-another-image", "digest_mismatch", "Container", "other content of the same length",
       forged([](Forge& f) {
         f.entries[kLayers].content = base::to_bytes("the last  layer!\n");
         f.entries[kLayers].content.resize(16);
       })},
  };
}

std::vector<BundleVector> tar_tricks() {
  const std::string size_field("\x80\0\0\0\0\0\0\0\0\0\0\x10", 12);
  return {
      {"tar-symlink", "malformed", "Headers", "type 2, a symbolic link", with_field(kTypeField, "2/etc/passwd")},
      {"tar-hardlink", "malformed", "Headers", "type 1, a hard link", with_field(kTypeField, "1oci-layout")},
      {"tar-folder", "malformed", "Headers", "type 5, a folder", with_field(kTypeField, "5")},
      {"tar-device", "malformed", "Headers", "type 3, a device", with_field(kTypeField, "3")},
      {"tar-old-type", "malformed", "Headers", "type NUL, the old spelling of a regular file",
       with_field(kTypeField, std::string_view("\0", 1))},
      {"tar-gnu-long-name", "malformed", "Headers", "a GNU long name before a layer",
       with_entry_before(make_entry("LongLink", "../../etc/cron.d/x", 'L'))},
      {"tar-gnu-sparse", "malformed", "Headers", "type S, a GNU sparse file", with_field(kTypeField, "S")},
      {"tar-gnu-magic", "malformed", "Headers", "the magic of GNU tar",
       with_field(257, std::string_view("ustar  \0", 8))},
      {"tar-pax-path", "malformed", "Headers", "a pax record that gives a layer another name",
       with_entry_before(make_entry("pax", "20 path=../etc/evil\n", 'x'))},
      {"tar-pax-size", "malformed", "Headers", "a pax size record where ustar can hold the size",
       with_entry_before(make_entry("pax-size", "11 size=16\n", 'x'))},
      {"tar-pax-global", "malformed", "Headers", "a global pax header",
       with_entry_before(make_entry("pax", "20 path=../etc/evil\n", 'g'))},
      {"tar-size-larger", "malformed", "Headers", "a header that says one byte more",
       with_field(kSizeField, "00000000021")},
      {"tar-size-smaller", "malformed", "Headers", "a header that says no bytes",
       with_field(kSizeField, "00000000000")},
      {"tar-size-base256", "malformed", "Headers", "the right size in base 256", with_field(kSizeField, size_field)},
      {"tar-size-spaces", "malformed", "Headers", "the right size with spaces", with_field(kSizeField, "         20 ")},
      {"tar-mtime", "malformed", "Headers", "a time", with_field(136, "14707670123")},
      {"tar-owner", "malformed", "Headers", "an owner's name", with_field(265, "root")},
      {"tar-setuid", "malformed", "Headers", "mode 4755", with_field(100, "0004755")},
      {"tar-prefix", "malformed", "Headers", "a prefix", with_field(345, "..")},
      {"seal-size-base256", "malformed", "Headers", "the seal's size in base 256", forged([&](Forge& f) {
         set_field(f.seal_header, kSizeField, std::string_view("\x80\0\0\0\0\0\0\0\0\0\x18\0", 12));
       })},
      {"seal-size-huge", "limit_exceeded", "Limits", "a seal that claims 7 GiB",
       forged([](Forge& f) { f.seal_header = archive::make_header(bundle::kSealName, 7ULL << 30); })},
      {"seal-size-odd", "malformed", "Seal", "a seal that is no multiple of 512",
       forged([](Forge& f) { f.seal_header = archive::make_header(bundle::kSealName, f.seal_size - 1); })},
      {"seal-size-zero", "malformed", "Seal", "a seal without bytes",
       forged([](Forge& f) { f.seal_header = archive::make_header(bundle::kSealName, 0); })},
      {"seal-other-name", "malformed", "Container", "a tar archive whose first entry is another file",
       forged([](Forge& f) { f.seal_header = archive::make_header("gapstow/zeal.json", f.seal_size); })},
  };
}

std::vector<BundleVector> foreign_ones() {
  const std::string part = R"({"_type":"urn:gapstow:part:v1","bundle":")" + std::string(64, 'a') + "\"";
  return {
      {"foreign-text", "malformed", "Container", "a text", base::to_bytes("This is not a bundle.\n")},
      {"foreign-gzip", "malformed", "Container", "gzip data",
       base::to_bytes(std::string("\x1f\x8b\x08\0\0\0\0\0\0\x03", 10))},
      {"foreign-zeros", "malformed", "Container", "an empty tar archive: zeros", base::Bytes(10240)},
      {"foreign-part", "malformed", "Parts", "a part alone is no bundle", base::to_bytes(part)},
  };
}

}  // namespace

std::vector<BundleVector> container_vectors() {
  std::vector<BundleVector> all;
  for (auto part :
       {right_ones(), cut_ones(), appended_ones(), flipped_ones(), moved_ones(), tar_tricks(), foreign_ones()}) {
    for (BundleVector& vector : part) all.push_back(std::move(vector));
  }
  return all;
}

base::Bytes example_bundle() { return right(); }

}  // namespace gapstow::test
