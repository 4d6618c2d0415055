#include <unistd.h>

#include <algorithm>
#include <array>
#include <memory>

#include "gapstow/base/error.h"
#include "gapstow/base/text.h"
#include "gapstow/cluster/doctor.h"
#include "gapstow/transfer/held.h"
#include "options.h"
#include "table.h"

namespace gapstow::cli {
namespace {

using base::Error;
using base::ErrorCode;
using cluster::Finding;
using cluster::Findings;

constexpr std::int64_t kSoon = 30LL * 86400;
constexpr const char* kState = "/var/lib/gapstow/state.db";
constexpr const char* kSnapshot = "/var/lib/gapstow/decisions.snapshot";

std::vector<std::shared_ptr<const transfer::HeldBundle>> hold(const std::vector<std::string>& paths,
                                                              const cluster::DoctorRequest& request,
                                                              const Arguments& arguments, Terminal& terminal) {
  const auto store = trust::load_store(terminal.fs, request.trust_store);
  const auto state = trust::State::open_existing(request.state);
  const transfer::VerifyRequest asked{store, run_policy(arguments), arguments.time("at"), {}};
  return transfer::hold_bundles(paths, asked, state.get(), terminal.surroundings(arguments));
}

/// Proves what is named, all of it together, as `serve` does; what cannot be proven is a finding and no failure.
std::vector<cluster::ExaminedBundle> prove_bundles(const cluster::DoctorRequest& request, const Arguments& arguments,
                                                   Terminal& terminal) {
  std::vector<cluster::ExaminedBundle> examined;
  std::vector<std::string> provable;
  for (const auto& paths : transfer::group_bundles(terminal.fs, arguments.operands())) {
    cluster::ExaminedBundle bundle{paths.front(), std::nullopt, std::nullopt};
    try {
      hold(paths, request, arguments, terminal);
      provable.insert(provable.end(), paths.begin(), paths.end());
    } catch (const Error& error) {
      if (error.code() == ErrorCode::interrupted || error.code() == ErrorCode::usage) throw;
      bundle.failure = error;
    }
    examined.push_back(std::move(bundle));
  }
  if (provable.empty()) return examined;
  const auto held = hold(provable, request, arguments, terminal);
  auto next = held.begin();
  for (auto& bundle : examined) {
    if (!bundle.failure) bundle.outcome = (*next++)->outcome();
  }
  return examined;
}

/// The folder of another root; empty for this machine's.
std::string other_root(const Arguments& arguments, base::ReadFs& fs) {
  std::string root = arguments.value_or("root", "");
  while (root.ends_with('/')) root.pop_back();
  if (root.empty()) return root;
  const auto status = fs.status(root);
  if (!status || status->kind != base::FileStatus::Kind::folder) {
    throw Error(ErrorCode::not_found, "there is no folder " + root);
  }
  return root;
}

/// The state of this user, or of the machine where this user has no place for one.
std::string own_state(const Arguments& arguments) {
  try {
    return state_path(arguments);
  } catch (const Error& error) {
    if (error.code() != ErrorCode::state_unavailable) throw;
    return kState;
  }
}

cluster::DoctorRequest make_request(const Arguments& arguments, Terminal& terminal) {
  for (const char* option : {"trust-store", "state", "snapshot", "containerd-config"}) {
    if (arguments.value(option) == "") throw Error(ErrorCode::usage, std::string("--") + option + " names nothing");
  }
  const std::string root = other_root(arguments, terminal.fs);
  const std::int64_t soon = arguments.has("soon") ? base::parse_duration(arguments.required("soon")) : kSoon;
  const std::string store =
      root.empty() || arguments.has("trust-store") ? trust_store_folder(arguments, terminal.fs) : root + "/etc/gapstow";
  const std::string state = root.empty() || arguments.has("state") ? own_state(arguments) : root + kState;
  return {{terminal.fs, root, arguments.time("at").value_or(terminal.clock.now()), soon, ::geteuid()},
          store,
          state,
          arguments.value_or("snapshot", root + environment("GAPSTOW_SNAPSHOT").value_or(kSnapshot)),
          arguments.value("containerd-config")};
}

std::size_t count(const Findings& findings, Finding::Weight weight) {
  return static_cast<std::size_t>(std::ranges::count(findings, weight, &Finding::weight));
}

std::string painted(Finding::Weight weight, const report::Style& style) {
  switch (weight) {
    case Finding::Weight::fine:
      return style.good("fine   ");
    case Finding::Weight::notice:
      return style.faint("notice ");
    case Finding::Weight::warning:
      return style.warn("warning");
    case Finding::Weight::open:
      return style.bad("OPEN   ");
  }
  return {};
}

std::string finding_text(const Finding& finding, const report::Style& style) {
  const std::string indent(11, ' ');
  std::string out = "  " + painted(finding.weight, style) + "  " + style.strong(finding.check) + "  " +
                    base::printable(finding.subject) + "\n";
  out += indent + base::printable(finding.what) + "\n";
  if (!finding.mend.empty()) out += indent + style.faint("mend: ") + base::printable(finding.mend) + "\n";
  return out;
}

std::string report_text(const Findings& findings, const report::Style& style) {
  std::string out;
  for (const auto weight :
       {Finding::Weight::open, Finding::Weight::warning, Finding::Weight::notice, Finding::Weight::fine}) {
    for (const auto& finding : findings) {
      if (finding.weight == weight) out += finding_text(finding, style);
    }
  }
  const std::size_t open = count(findings, Finding::Weight::open);
  const std::string verdict = open == 0 ? style.good("nothing found that would let an image in unproven")
                                        : style.bad(std::to_string(open) + (open == 1 ? " way" : " ways") +
                                                    " for an image to come in or run unproven");
  const auto counted = [&](Finding::Weight weight, const std::string& noun) {
    const std::size_t number = count(findings, weight);
    return std::to_string(number) + " " + noun + (number == 1 ? "" : "s");
  };
  return out + "\n  Verdict  " + verdict + "; " + counted(Finding::Weight::warning, "warning") + ", " +
         counted(Finding::Weight::notice, "notice") + ", " + std::to_string(count(findings, Finding::Weight::fine)) +
         " fine\n";
}

json::Value report_json(const Findings& findings) {
  json::Array list;
  for (const auto& each : findings) {
    json::Object finding{{"weight", name(each.weight)},
                         {"check", each.check},
                         {"subject", each.subject},
                         {"what", each.what},
                         {"mend", json::Value()}};
    if (!each.mend.empty()) finding.set("mend", each.mend);
    list.emplace_back(std::move(finding));
  }
  return json::Object{
      {"command", "doctor"}, {"heaviest", name(cluster::heaviest(findings))}, {"findings", std::move(list)}};
}

int run_doctor(const Arguments& arguments, Terminal& terminal) {
  const auto request = make_request(arguments, terminal);
  const auto bundles = prove_bundles(request, arguments, terminal);
  const auto findings = cluster::examine(request, bundles, terminal.cancel);
  terminal.print(arguments, report_text(findings, terminal.style(arguments)), report_json(findings));
  return cluster::heaviest(findings) == Finding::Weight::open ? 1 : 0;
}

}  // namespace

Command doctor_command() {
  return {"doctor",
          "[BUNDLE|PART|DIR...]",
          "say what on this node or site would let an image in unproven, and how to mend it",
          {{"root", 0, "DIR", "look at the root of another system, below this folder"},
           kTrustStoreOption,
           kStateOption,
           {"snapshot", 0, "FILE", "decision file (default: $GAPSTOW_SNAPSHOT, /var/lib/gapstow/decisions.snapshot)"},
           {"containerd-config", 0, "FILE", "read this configuration instead of asking containerd"},
           {"soon", 0, "DURATION", "warn of what lapses within this time (default 30d)"},
           kExpiryOption,
           kMaxAgeOption,
           kAtOption,
           kJobsOption},
          run_doctor};
}

}  // namespace gapstow::cli
