#include "gapstow/serve/status_routes.h"

#include <map>

#include "answers.h"
#include "gapstow/base/text.h"
#include "gapstow/trust/state.h"

namespace gapstow::serve {
namespace {

constexpr std::string_view kPrometheus = "text/plain; version=0.0.4; charset=utf-8";

void gauge_head(std::string& out, std::string_view name, std::string_view help, std::string_view type = "gauge") {
  out.append("# HELP ").append(name).append(" ").append(help).append("\n");
  out.append("# TYPE ").append(name).append(" ").append(type).append("\n");
}

template <typename Number>
void gauge(std::string& out, std::string_view name, const std::string& labels, Number value) {
  out += name;
  if (!labels.empty()) out += "{" + labels + "}";
  out += " " + std::to_string(value) + "\n";
}

void write_holdings(std::string& out, const Holdings& holdings, const base::Time& now) {
  const auto& snapshot = holdings.judge.snapshot();
  gauge_head(out, "gapstow_snapshot_version", "Version of the decisions in use.");
  gauge(out, "gapstow_snapshot_version", "", snapshot.version());
  gauge_head(out, "gapstow_snapshot_age_seconds", "Time since the decisions in use were made.");
  gauge(out, "gapstow_snapshot_age_seconds", "", now.seconds - snapshot.made_at().seconds);
  gauge_head(out, "gapstow_snapshot_images", "Images that the decisions name.");
  gauge(out, "gapstow_snapshot_images", "", snapshot.images());
  gauge_head(out, "gapstow_bundles", "Bundles that are served.");
  gauge(out, "gapstow_bundles", "", holdings.bundles.size());
  gauge_head(out, "gapstow_bundle_sealed_timestamp_seconds", "When each bundle was sealed.");
  // The same bundle may lie in two places.
  std::map<std::string, std::int64_t> sealed;
  for (const auto& bundle : holdings.bundles) sealed[bundle->outcome().bundle_id] = bundle->outcome().sealed_at.seconds;
  for (const auto& [id, when] : sealed)
    gauge(out, "gapstow_bundle_sealed_timestamp_seconds", label("bundle", id), when);
  gauge_head(out, "gapstow_origin_expiry_seconds", "Time until a role of a chain expires; negative when it has.");
  for (const auto& chain : snapshot.chains()) {
    for (const auto& [role, expires] : chain.expires) {
      gauge(out, "gapstow_origin_expiry_seconds", label("gun", chain.gun) + "," + label("role", role),
            expires.seconds - now.seconds);
    }
  }
}

void write_proofs(std::string& out, const ProofProgress& progress) {
  gauge_head(out, "gapstow_blobs", "Blobs of the bundles by what is known of them.");
  gauge(out, "gapstow_blobs", label("state", "proven"), progress.proven);
  gauge(out, "gapstow_blobs", label("state", "damaged"), progress.damaged);
  gauge(out, "gapstow_blobs", label("state", "unknown"), progress.entries - progress.proven - progress.damaged);
  gauge_head(out, "gapstow_blob_bytes", "Bytes of these blobs.");
  gauge(out, "gapstow_blob_bytes", "", progress.bytes);
  gauge_head(out, "gapstow_blob_proven_bytes", "Bytes of the blobs that are proven.");
  gauge(out, "gapstow_blob_proven_bytes", "", progress.proven_bytes);
}

void write_server(std::string& out, const ServerView& server, const base::Time& now) {
  const auto loads = server.load();
  const auto ends = server.certificate_ends();
  gauge_head(out, "gapstow_connections", "Open connections.");
  for (const auto& load : loads) gauge(out, "gapstow_connections", label("listener", load.listener), load.open);
  gauge_head(out, "gapstow_connections_limit", "Connections that may be open at once.");
  for (const auto& load : loads) gauge(out, "gapstow_connections_limit", label("listener", load.listener), load.most);
  gauge_head(out, "gapstow_connections_total", "Connections by what became of them.", "counter");
  for (const auto& load : loads) {
    const std::string of = label("listener", load.listener) + ",";
    gauge(out, "gapstow_connections_total", of + label("result", "accepted"), load.accepted);
    gauge(out, "gapstow_connections_total", of + label("result", "refused"), load.refused);
    gauge(out, "gapstow_connections_total", of + label("result", "displaced"), load.displaced);
    gauge(out, "gapstow_connections_total", of + label("result", "failed_handshake"), load.failed_handshakes);
  }
  gauge_head(out, "gapstow_certificate_expiry_seconds", "Time until a listener's certificate expires.");
  for (std::size_t i = 0; i < ends.size() && i < loads.size(); ++i) {
    if (ends[i] == 0) continue;
    gauge(out, "gapstow_certificate_expiry_seconds", label("listener", loads[i].listener), ends[i] - now.seconds);
  }
}

}  // namespace

void StatusRoutes::answer(const std::shared_ptr<const Request>& request, const Reply& reply) const {
  if (request->method != "GET" && request->method != "HEAD") return reply(method_not_allowed("GET, HEAD"));
  if (request->path == "/livez") return reply(text_answer(200, "ok\n"));
  if (request->path == "/metrics") return reply(text_answer(200, metrics(), kPrometheus));
  if (request->path != "/readyz") return reply(text_answer(404, "livez, readyz and metrics are here\n"));
  const auto reasons = hindrances();
  if (reasons.empty()) return reply(text_answer(200, "ok\n"));
  reply(text_answer(503, base::join(reasons, "\n") + "\n"));
}

std::vector<std::string> StatusRoutes::hindrances() const {
  const auto holdings = parts_.holdings.get();
  const auto& snapshot = holdings->judge.snapshot();
  const base::Time now = parts_.clock.now();
  std::vector<std::string> reasons;
  if (max_age_ && now.seconds - snapshot.made_at().seconds > *max_age_) {
    reasons.push_back("the decisions of " + base::format_time(snapshot.made_at()) + " are older than " +
                      base::human_duration(*max_age_));
  }
  if (now.plus_seconds(trust::kFloorLeeway) < snapshot.clock_floor()) {
    reasons.push_back("the clock is behind " + base::format_time(snapshot.clock_floor()) + ", which has been proven");
  }
  const auto progress = parts_.proofs.progress();
  if (progress.damaged > 0) {
    reasons.push_back(std::to_string(progress.damaged) + " of " + std::to_string(progress.entries) +
                      " blobs are damaged");
  }
  return reasons;
}

std::string StatusRoutes::metrics() const {
  const base::Time now = parts_.clock.now();
  std::string out = parts_.metrics.text();
  write_holdings(out, *parts_.holdings.get(), now);
  write_proofs(out, parts_.proofs.progress());
  write_server(out, server_, now);
  return out;
}

}  // namespace gapstow::serve
