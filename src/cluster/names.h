// Names: those under which containerd finds images; given all or none, and taken back on failure.
#pragma once

#include <map>
#include <string>
#include <vector>

#include "ctr.h"
#include "gapstow/base/cancel.h"

namespace gapstow::cluster {

/// A final name and the staged one that leads to the same image.
struct Naming {
  std::string stage;
  std::string name;
  digest::Digest digest;
};

/// Names that nobody asks for hold what is imported until it gets its own. They are gone at the end; those that a
/// killed run has left are removed by a later one.
class Names {
 public:
  Names(const Ctr& ctr, const base::CancelToken& cancel);
  Names(const Names&) = delete;
  Names& operator=(const Names&) = delete;
  ~Names();

  /// Removes leftovers that are a day old.
  void sweep();
  /// A new name, removed at the end.
  std::string reserve();
  /// Error{digest_mismatch} unless each of these names leads to the digest beside it.
  void check(const std::vector<std::string>& names, const std::vector<digest::Digest>& digests) const;
  /// Gives the final names and looks whether they lead where they should. When that fails they are as they were.
  void commit(const std::vector<Naming>& wanted);

 private:
  void give(const Naming& naming, const std::map<std::string, digest::Digest>& before);
  void take_back();

  const Ctr& ctr_;
  const base::CancelToken& cancel_;
  base::CancelToken always_;  ///< what undoes is not interrupted
  std::string prefix_;
  std::vector<std::string> reserved_;
  std::vector<std::string> added_;
  std::map<std::string, std::string> replaced_;  ///< name and the reserved one that leads where it led
};

}  // namespace gapstow::cluster
