// Proofs: the payload of held bundles is proven in the background, and what somebody waits for before all else. Nobody
// gets a byte of a blob that was not proven from its first byte to its last, in the file as it is now.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "gapstow/base/fs.h"
#include "gapstow/transfer/held.h"

namespace gapstow::serve {

/// What is known about one payload entry.
struct Proof {
  bool holds = false;
  base::FileStamp stamp;  ///< of the file as it was then: another one, and it has to be found out again
  std::string why;        ///< it does not hold
};

/// How far all of it is.
struct ProofProgress {
  std::uint64_t entries = 0;
  std::uint64_t proven = 0;
  std::uint64_t damaged = 0;
  std::uint64_t bytes = 0;
  std::uint64_t proven_bytes = 0;
};

/// Any number of threads may ask.
class Proofs {
 public:
  using Bundle = std::shared_ptr<const transfer::HeldBundle>;
  using Then = std::function<void(const Proof&)>;

  /// An entry that does not hold.
  using Damaged = std::function<void(const transfer::HeldBundle& bundle, std::size_t entry, const Proof&)>;

  /// `threads` of its own, which give way to those that answer, and one more that does what somebody waits for alone.
  /// `damaged` is called from them, each time that an entry is found not to hold.
  explicit Proofs(unsigned threads, Damaged damaged = {});
  ~Proofs();

  /// These bundles and no others; what is known about files that stay the same is kept.
  void set(const std::vector<Bundle>& bundles);
  /// Calls `then` at once when it is known and the file is still the same; else when it has been found out, from
  /// another thread. Bundles that are not in the set any more are proven all the same.
  void when_known(const Bundle& bundle, std::size_t entry, Then then);
  /// What is known already about the file as it is now.
  std::optional<Proof> look(const Bundle& bundle, std::size_t entry) const;
  ProofProgress progress() const;

 private:
  struct Machine;
  std::unique_ptr<Machine> machine_;
};

}  // namespace gapstow::serve
