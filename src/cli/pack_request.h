// What `pack`, `copy` and `chain fetch` have in common: a PackRequest from the command line, and all that it refers to.
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "gapstow/cli/arguments.h"
#include "gapstow/cli/terminal.h"
#include "gapstow/registry/network.h"
#include "gapstow/transfer/pack.h"

namespace gapstow::cli {

/// Owns what the request points to.
class RequestMaker {
 public:
  /// `side`: of the network options, "src" or empty.
  RequestMaker(const Arguments& arguments, const std::string& side, Terminal& terminal);
  RequestMaker(const RequestMaker&) = delete;
  RequestMaker& operator=(const RequestMaker&) = delete;

  /// The operands up to `count`, and --list.
  void take_images(std::size_t count);
  /// Trust store, policy, clocks.
  void take_policy();
  /// --trust.
  void take_chain_sources();
  /// One source of chains. Error{usage} where a root would be taken on first use from a wire that anybody can write to.
  void add_chain_source(const std::string& spec);
  /// --signer; without one Error{usage}, unless `optional`.
  void take_signers();

  /// Whether an image comes from a registry.
  bool is_remote() const;

  transfer::PackRequest& request() { return request_; }
  const transfer::PackRequest& request() const { return request_; }
  const std::optional<trust::TrustStore>& store() const { return store_; }
  void take_store(trust::TrustStore store);

 private:
  const Arguments& arguments_;
  Terminal& terminal_;
  std::unique_ptr<registry::Network> network_;
  std::optional<trust::TrustStore> store_;
  std::vector<std::unique_ptr<sign::Signer>> signers_;
  transfer::PackRequest request_;
};

/// Packs into `output` ("-": standard output), reports, and gives the exit status. `command` is the command's name.
int pack_and_report(const RequestMaker& maker, const std::string& output, const std::string& command,
                    const transfer::Surroundings& around, const Arguments& arguments, Terminal& terminal);

/// The lines of a list file ("-": standard input), without comments (# …) and empty ones.
std::vector<std::string> read_list(const std::string& path, Terminal& terminal);

/// Options of taking images up.
const std::vector<Option>& image_options();

}  // namespace gapstow::cli
