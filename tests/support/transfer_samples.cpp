#include "support/transfer_samples.h"

#include <array>

namespace gapstow::test {

base::Time sample_time() { return base::parse_time("2026-11-23T00:00:00Z"); }

sign::SecretKey sample_key(unsigned char number) {
  std::array<std::byte, 32> seed{};
  seed.fill(std::byte{number});
  return sign::SecretKey::from_secret(sign::KeyType::ed25519, seed);
}

trust::TrustStore sample_store() {
  trust::TrustStore store;
  store.signers.push_back({"desk", sample_key(1).public_key()});
  store.roots.push_back(
      {trust::Pattern::parse("localhost:5000/lab/*"), trust::RootEntry::Kind::key_id, kSampleRootKey});
  return store;
}

transfer::PackRequest sample_request(base::ReadFs& fs, const trust::TrustStore& store, const sign::Signer& signer,
                                     const std::string& chain, const std::string& location) {
  transfer::PackRequest request;
  const std::string image = location.empty() ? "oci-archive:" + kSamples + "/images/app-1.1.exact-oci.tar" : location;
  request.images.push_back({oci::parse_location(image), kSampleReference, false});
  request.chains.push_back(transfer::open_chain_source(fs, "dir:" + kSamples + "/chains/" + chain, nullptr));
  request.store = &store;
  request.sealed_at = sample_time();
  request.tool = "gapstow test";
  request.signers.push_back(&signer);
  return request;
}

void pack_sample(base::WriteFs& fs, const std::string& path, const std::string& chain) {
  const FixedClock clock(sample_time());
  const base::CancelToken cancel;
  transfer::SilentObserver observer;
  const auto store = sample_store();
  const auto signer = sample_key();
  const auto request = sample_request(fs, store, signer, chain);
  transfer::pack(request, path, {fs, clock, cancel, observer, 1});
}

}  // namespace gapstow::test
