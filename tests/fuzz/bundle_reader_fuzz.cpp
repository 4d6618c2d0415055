// Bundles: the reader of streams and the reader of files give the same verdict and finish the same entries. The input
// is read as it is, and once more with its statement sealed anew, so that changed statements get past the signature.
#include <map>
#include <mutex>

#include "fuzz/fuzz.h"
#include "fuzz/heap.h"
#include "fuzz/memory_fs.h"
#include "gapstow/archive/ustar.h"
#include "gapstow/bundle/reader.h"

using namespace gapstow;

namespace {

/// Buffers of streams and of two workers.
constexpr std::size_t kHeapBase = 32U << 20;

/// Trusts whoever signed, and keeps the digests of what was proven.
class Witness final : public bundle::Consumer {
 public:
  bundle::SealPolicy on_claim(const bundle::Seal& seal) override {
    bundle::SealPolicy policy;
    for (const auto& signature : seal.envelope().signatures) policy.trusted.push_back(signature.key);
    return policy;
  }
  void on_seal(const bundle::Seal&, const bundle::SealSigners&) override {}
  void on_metadata(const bundle::Entry& entry, base::ByteView bytes) override { keep(entry, digest::sha256(bytes)); }
  void on_payload() override {}
  std::unique_ptr<base::Sink> open_payload(const bundle::Entry& entry) override {
    return std::make_unique<WitnessSink>(*this, entry);
  }
  const std::map<std::string, digest::Digest>& proven() const { return proven_; }

 private:
  class WitnessSink final : public base::Sink {
   public:
    WitnessSink(Witness& witness, const bundle::Entry& entry) : witness_(witness), entry_(entry) {}
    void write(base::ByteView bytes) override { hasher_.update(bytes); }
    void finish() override { witness_.keep(entry_, hasher_.finish()); }

   private:
    Witness& witness_;
    const bundle::Entry& entry_;
    digest::Hasher hasher_;
  };

  void keep(const bundle::Entry& entry, const digest::Digest& digest) {
    fuzz::require(digest == entry.sha256, "what is given on as proven is what the seal says");
    const std::lock_guard lock(mutex_);
    proven_.emplace(entry.name, digest);
  }

  std::mutex mutex_;
  std::map<std::string, digest::Digest> proven_;
};

struct Verdict {
  std::optional<base::ErrorCode> code;
  std::string line;
  std::map<std::string, digest::Digest> proven;
};

template <typename Read>
Verdict verdict_of(Read&& read) {
  Witness witness;
  Verdict verdict;
  try {
    read(witness);
  } catch (const base::Error& error) {
    const int exit_code = base::exit_code(error.code());
    fuzz::require(exit_code == 1 || exit_code == 4, "bad bytes are untrusted or damaged");
    verdict.code = error.code();
    verdict.line = error.line();
  }
  verdict.proven = witness.proven();
  return verdict;
}

void read_both(base::ByteView bytes) {
  const Verdict streamed = verdict_of([&](Witness& witness) {
    base::MemorySource source(bytes);
    bundle::read_stream(source, witness, {});
  });
  for (const unsigned jobs : {1U, 2U}) {
    const Verdict read = verdict_of([&](Witness& witness) {
      fuzz::MemoryFile file(bytes);
      bundle::read_file(file, witness, {.cancel = nullptr, .on_progress = {}, .jobs = jobs});
    });
    fuzz::require(read.code == streamed.code && read.line == streamed.line, "both readers give the same verdict");
    if (jobs == 1) fuzz::require(read.proven == streamed.proven, "both readers finish the same entries");
  }
}

/// The input with a seal over the same statement that verifies.
base::Bytes sealed_anew(base::ByteView input, const bundle::Seal& seal) {
  static const sign::SecretKey key =
      sign::SecretKey::from_secret(sign::KeyType::ed25519, base::Bytes(32, std::byte{1}));
  const bundle::Seal fresh = bundle::Seal::make(seal.claimed(), {&key});
  base::Bytes bytes = archive::make_header(bundle::kSealName, fresh.claimed().seal_size);
  base::append(bytes, fresh.entry_bytes());
  base::append(bytes, input.subspan(archive::kBlock + static_cast<std::size_t>(seal.claimed().seal_size)));
  return bytes;
}

}  // namespace

FUZZ_TARGET(input) {
  const fuzz::HeapLimit heap(kHeapBase + fuzz::kParsedPerByte * input.size());
  read_both(input);
  const auto seal = fuzz::accepted([&] {
    base::MemorySource source(input);
    return bundle::read_seal(source);
  });
  if (!seal) return;
  const auto fresh = fuzz::accepted([&] { return sealed_anew(input, *seal); });
  if (fresh) read_both(*fresh);
}
