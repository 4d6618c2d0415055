#include <algorithm>

#include "gapstow/base/text.h"
#include "gapstow/report/json.h"
#include "gapstow/report/text.h"
#include "gapstow/trust/decision.h"
#include "json_parts.h"
#include "lines.h"

namespace gapstow::report {
namespace {

using transfer::FetchedChain;

std::string_view fate_name(FetchedChain::Fate fate) {
  switch (fate) {
    case FetchedChain::Fate::fetched:
      return "fetched";
    case FetchedChain::Fate::present:
      return "present";
    case FetchedChain::Fate::failed:
      return "failed";
  }
  return "";
}

std::uint64_t count(const std::vector<FetchedChain>& chains, FetchedChain::Fate fate) {
  return static_cast<std::uint64_t>(std::ranges::count(chains, fate, &FetchedChain::fate));
}

json::Value fetched_chain_json(const FetchedChain& chain) {
  return json::Object{{"gun", chain.gun},
                      {"path", chain.path},
                      {"fate", std::string(fate_name(chain.fate))},
                      {"bytes", chain.bytes},
                      {"failure", error_json(chain.failure)}};
}

std::string fetched_line(const FetchedChain& chain, const Style& style) {
  using base::printable;
  if (!chain.failure) {
    const bool is_new = chain.fate == FetchedChain::Fate::fetched;
    return line(style, is_new ? "Captured" : "Present", printable(chain.gun)) +
           line(style, "", printable(chain.path) + ", " + base::human_size(chain.bytes));
  }
  const std::string reason(without_name(chain.failure->line(), chain.gun));
  std::string out = line(style, "Failed", style.strong(printable(chain.gun)));
  out += line(style, "", failure_text(style, chain.failure->code(), reason));
  return chain.failure->hint().empty() ? out : out + line(style, "", style.faint(printable(chain.failure->hint())));
}

/// Decides the exit code; nothing when none failed.
std::optional<trust::Decision::Refusal> heaviest_failure(const std::vector<FetchedChain>& chains) {
  std::optional<trust::Decision::Refusal> heaviest;
  for (const auto& chain : chains) {
    if (!chain.failure) continue;
    if (heaviest && !trust::outweighs(chain.failure->code(), heaviest->code)) continue;
    const std::string why(without_name(chain.failure->line(), chain.gun));
    heaviest = trust::Decision::Refusal{chain.failure->code(), chain.gun + ": " + why};
  }
  return heaviest;
}

}  // namespace

json::Value fetched_json(const std::vector<FetchedChain>& chains) {
  const auto worst = heaviest_failure(chains);
  return json::Object{{"command", "chain fetch"},
                      {"verdict", worst ? "refused" : "proven"},
                      {"exitCode", worst ? base::exit_code(worst->code) : 0},
                      {"code", worst ? json::Value(base::name(worst->code)) : json::Value()},
                      {"reason", worst ? json::Value(worst->reason) : json::Value()},
                      {"fetched", count(chains, FetchedChain::Fate::fetched)},
                      {"present", count(chains, FetchedChain::Fate::present)},
                      {"failed", count(chains, FetchedChain::Fate::failed)},
                      {"repositories", array_of(chains, fetched_chain_json)}};
}

std::string fetched_text(const std::vector<FetchedChain>& chains, const Style& style) {
  std::string out;
  for (const auto& chain : chains) {
    if (chain.failure || style.verbose) out += fetched_line(chain, style);
  }
  if (!out.empty()) out += "\n";
  const std::uint64_t captured = count(chains, FetchedChain::Fate::fetched);
  const std::uint64_t present = count(chains, FetchedChain::Fate::present);
  const std::string counts = std::to_string(captured) + " captured, each proven and sealed";
  const std::string kept = present == 0 ? "" : "; " + std::to_string(present) + " were there before";
  const auto worst = heaviest_failure(chains);
  if (!worst) return out + line(style, "Verdict", style.good("CAPTURED") + " " + counts + kept);
  out += line(style, "Verdict", failure_text(style, worst->code, worst->reason));
  out += line(style, "",
              std::to_string(count(chains, FetchedChain::Fate::failed)) + " of " +
                  counted(chains.size(), "repository") + " failed; " + counts + kept);
  return out + line(style, "", "run it again to try those that failed once more: what is there is kept");
}

}  // namespace gapstow::report
