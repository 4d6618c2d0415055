#include "support/bundle_maker.h"

#include <algorithm>
#include <cstring>

#include "gapstow/archive/ustar.h"
#include "gapstow/base/error.h"

namespace gapstow::test {

sign::SecretKey seeded_key(unsigned char fill) {
  const base::Bytes seed(32, std::byte{fill});
  return sign::SecretKey::from_secret(sign::KeyType::ed25519, seed);
}

BundleMaker::BundleMaker() {
  statement_.sealed_at = base::parse_time("2026-11-22T17:00:00Z");
  statement_.tool = "gapstow 0.1.0";
  statement_.checked = {"now", base::parse_time("2026-11-22T17:00:00Z"), {}};
}

void BundleMaker::add_blob(std::vector<Blob>& to, base::ByteView bytes) {
  Blob blob{digest::sha256(bytes), base::to_bytes(bytes)};
  if (std::ranges::none_of(to, [&](const Blob& other) { return other.digest == blob.digest; })) {
    to.push_back(std::move(blob));
  }
}

BundleMaker& BundleMaker::chain(const std::string& gun, const std::vector<std::pair<std::string, std::string>>& files) {
  bundle::ChainRecord chain;
  const std::string number = std::to_string(statement_.chains.size());
  chain.folder = "gapstow/trust/" + std::string(4 - number.size(), '0') + number;
  chain.dialect = "notary-v1";
  chain.gun = gun;
  chain.source = "dir";
  chain.pin = "root key";
  chain.root_key_ids = {std::string(64, 'a')};
  for (const auto& [file, text] : files) {
    chain.files.push_back({file, file.starts_with("targets") ? "targets" : "root", 1});
    chain_files_.emplace_back(chain.folder + "/" + file, base::to_bytes(text));
  }
  statement_.chains.push_back(std::move(chain));
  return *this;
}

BundleMaker& BundleMaker::image(const std::string& reference, const std::vector<base::Bytes>& layers,
                                std::string_view config) {
  const base::Bytes manifest = base::to_bytes(R"({"for":")" + reference + R"("})");
  add_blob(metadata_, manifest);
  if (!config.empty()) add_blob(metadata_, base::as_bytes(config));
  for (const base::Bytes& layer : layers) add_blob(layers_, layer);
  bundle::ImageRecord image;
  image.reference = reference;
  image.media_type = "application/vnd.oci.image.manifest.v1+json";
  image.digest = digest::sha256(manifest);
  image.size = manifest.size();
  image.binding = "manifest";
  image.platforms = {"linux/amd64"};
  if (!statement_.chains.empty()) image.proof = bundle::ProofRecord{statement_.chains.size() - 1, "1.1", "targets"};
  statement_.images.push_back(std::move(image));
  return *this;
}

BundleContent BundleMaker::content() const {
  BundleContent out{statement_, {}};
  const auto add = [&](const std::string& name, const base::Bytes& bytes) {
    out.statement.entries.push_back({name, bytes.size(), digest::sha256(bytes)});
    out.contents.push_back(bytes);
  };
  add("oci-layout", base::to_bytes(R"({"imageLayoutVersion":"1.0.0"})"));
  add("index.json", base::to_bytes(R"({"manifests":[],"schemaVersion":2})"));
  for (const auto& [name, bytes] : chain_files_) add(name, bytes);
  for (const Blob& blob : metadata_) add("blobs/sha256/" + blob.digest.hex(), blob.bytes);
  out.statement.metadata_entries = out.statement.entries.size();
  for (const Blob& blob : layers_) add("blobs/sha256/" + blob.digest.hex(), blob.bytes);
  return out;
}

BundleContent small_content() {
  return BundleMaker()
      .chain("example.test/app", {{"1.root.json", R"({"signed":"root"})"}, {"targets.json", R"({"signed":"targets"})"}})
      .image("example.test/app:1.1", {base::to_bytes("the first layer\n"), base::to_bytes("the second layer\n")})
      .content();
}

BundleContent tiny_content() {
  return BundleMaker().image("example.test/app:1.1", {base::to_bytes("a layer\n")}, {}).content();
}

bundle::Seal make_tight_seal(bundle::Statement statement, const std::vector<const sign::Signer*>& signers) {
  const auto text = [&] {
    sign::Envelope envelope{std::string(bundle::kPayloadType), bundle::write_statement(statement), {}};
    const base::Bytes message = sign::pre_authentication_encoding(envelope.payload_type, envelope.payload);
    for (const sign::Signer* signer : signers) {
      envelope.signatures.push_back({signer->public_key(), signer->sign(message)});
    }
    return sign::write_envelope(envelope);
  };
  std::size_t size = 0;
  do {
    statement.seal_size = size;
    size = text().size();
    size += archive::padding_of(size);
  } while (size != statement.seal_size);
  base::Bytes entry = base::to_bytes(text());
  entry.resize(size, std::byte{' '});
  return bundle::Seal::parse(entry);
}

bundle::OpenContent open_contents(const std::vector<base::Bytes>& contents) {
  return [&contents](std::size_t index) { return std::make_unique<base::MemorySource>(contents.at(index)); };
}

base::Bytes bundle_bytes(const bundle::Seal& seal, const std::vector<base::Bytes>& contents) {
  base::MemorySink sink;
  bundle::write_stream(seal, open_contents(contents), sink, {});
  return sink.take();
}

std::size_t BundleMemoryFile::read_at(std::uint64_t offset, std::span<std::byte> out) {
  const std::lock_guard lock(mutex_);
  if (offset >= bytes_.size()) return 0;
  const std::size_t count = std::min<std::size_t>(out.size(), bytes_.size() - static_cast<std::size_t>(offset));
  std::memcpy(out.data(), bytes_.data() + offset, count);
  return count;
}

void BundleMemoryFile::write_at(std::uint64_t offset, base::ByteView bytes) {
  const std::lock_guard lock(mutex_);
  if (bytes_.size() < offset + bytes.size()) bytes_.resize(static_cast<std::size_t>(offset + bytes.size()));
  std::ranges::copy(bytes, bytes_.begin() + static_cast<std::ptrdiff_t>(offset));
}

class CollectingConsumer::CollectingSink final : public base::Sink {
 public:
  CollectingSink(CollectingConsumer& consumer, std::string name) : consumer_(consumer), name_(std::move(name)) {}
  void write(base::ByteView bytes) override { base::append(bytes_, bytes); }
  void finish() override {
    const std::lock_guard lock(consumer_.mutex_);
    consumer_.proven_[name_] = std::move(bytes_);
  }

 private:
  CollectingConsumer& consumer_;
  std::string name_;
  base::Bytes bytes_;
};

bundle::SealPolicy CollectingConsumer::on_claim(const bundle::Seal&) { return policy_; }

void CollectingConsumer::on_seal(const bundle::Seal&, const bundle::SealSigners&) { sealed_ = true; }

void CollectingConsumer::on_metadata(const bundle::Entry& entry, base::ByteView bytes) {
  metadata_order_.push_back(entry.name);
  proven_[entry.name] = base::to_bytes(bytes);
}

void CollectingConsumer::on_payload() { payload_began_ = true; }

std::unique_ptr<base::Sink> CollectingConsumer::open_payload(const bundle::Entry& entry) {
  if (ignore_payload_) return nullptr;
  return std::make_unique<CollectingSink>(*this, entry.name);
}

namespace {

template <typename Read>
ReadOutcome outcome_of(const bundle::SealPolicy& policy, Read&& read) {
  CollectingConsumer consumer(policy);
  ReadOutcome outcome;
  try {
    read(consumer);
  } catch (const base::Error& error) {
    outcome.code = error.code();
    outcome.line = error.line();
  }
  outcome.proven = consumer.proven();
  return outcome;
}

}  // namespace

ReadOutcome stream_outcome(base::ByteView bytes, const bundle::SealPolicy& policy) {
  return outcome_of(policy, [&](bundle::Consumer& consumer) {
    base::MemorySource source(bytes);
    bundle::read_stream(source, consumer, {});
  });
}

ReadOutcome file_outcome(base::ByteView bytes, const bundle::SealPolicy& policy, unsigned jobs) {
  return outcome_of(policy, [&](bundle::Consumer& consumer) {
    BundleMemoryFile file(base::to_bytes(bytes));
    bundle::read_file(file, consumer, {.cancel = nullptr, .on_progress = {}, .jobs = jobs});
  });
}

}  // namespace gapstow::test
