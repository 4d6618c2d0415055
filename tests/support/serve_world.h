// A service's insides over the real sample image or other bundles, without sockets: for tests of what it answers.
#pragma once

#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "gapstow/serve/registry_routes.h"
#include "gapstow/transfer/held.h"
#include "support/temp_folder.h"
#include "support/transfer_samples.h"

namespace gapstow::test {

/// GET unless said otherwise; `target` may hold a query.
serve::Request request_for(const std::string& target, const std::string& method = "GET");

/// The whole body of an answer, read from the file where it is one.
std::string body_of(const serve::Response& response);
/// The first header of that name, or empty.
std::string header_of(const serve::Response& response, const std::string& name);

struct ServeWorld {
  /// Packs the sample image and loads it.
  explicit ServeWorld(const std::function<void(trust::TrustStore&)>& change = {});
  /// Loads these bundles.
  ServeWorld(const std::vector<std::string>& bundles, trust::TrustStore trusts);
  transfer::Surroundings around() { return {fs, clock, cancel, observer, 2}; }
  serve::ServiceParts parts() { return {*cell, proofs, metrics, log, clock, border.get()}; }
  void load();
  /// Waits for the reply.
  serve::Response ask(serve::Request request);
  serve::Response get(const std::string& target) { return ask(request_for(target)); }

  base::SystemFs fs;
  FixedClock clock{sample_time()};
  base::CancelToken cancel;
  transfer::SilentObserver observer;
  TempFolder folder;
  trust::TrustStore store = sample_store();
  std::string bundle = folder / "app.gapstow";
  serve::HoldingsRequest request;
  std::unique_ptr<serve::HoldingsCell> cell;
  serve::Proofs proofs{1};
  serve::Metrics metrics;
  serve::EventLog log;
  std::unique_ptr<serve::BorderSignatures> border;

 private:
  void start();
};

}  // namespace gapstow::test
