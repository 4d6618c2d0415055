// The real sample image with its real chain, ready to be packed, and a trust store that pins it.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "gapstow/sign/signer.h"
#include "gapstow/transfer/pack.h"
#include "gapstow/transfer/verify.h"
#include "gapstow/trust/store.h"

namespace gapstow::test {

inline const std::string kSamples = std::string(GAPSTOW_SOURCE_DIR) + "/samples";
inline const std::string kSampleGun = "localhost:5000/lab/app";
inline const std::string kSampleReference = "localhost:5000/lab/app:1.1";
inline const std::string kSampleDigest = "sha256:26d9806711662d30c46e68b055e80b61c06743a9cac4d514e4d4353ab153beab";
inline const std::string kSampleRootKey = "9586150e953c3d8010cfa6b8a4b1e71b3134851eb89fab7d50c27c3315b98947";
/// All sample chains are valid at this time.
base::Time sample_time();

/// A clock that stands still.
class FixedClock final : public base::Clock {
 public:
  explicit FixedClock(base::Time time) : time_(time) {}
  base::Time now() const override { return time_; }

 private:
  base::Time time_;
};

/// An Ed25519 key from a fixed seed; `number` tells keys apart.
sign::SecretKey sample_key(unsigned char number = 1);

/// Trusts sample_key(1) as "desk" and pins the sample root.
trust::TrustStore sample_store();

/// `location`: "oci-archive:…/app-1.1.exact-oci.tar" by default; chain: samples/chains/<chain>.
transfer::PackRequest sample_request(base::ReadFs& fs, const trust::TrustStore& store, const sign::Signer& signer,
                                     const std::string& chain = "dct-delegated", const std::string& location = "");

/// Packs the sample image into `path`.
void pack_sample(base::WriteFs& fs, const std::string& path, const std::string& chain = "dct-delegated");

}  // namespace gapstow::test
