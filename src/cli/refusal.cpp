#include "refusal.h"

#include "gapstow/base/error.h"
#include "gapstow/base/text.h"

namespace gapstow::cli {
namespace {

/// How to go on after a refusal, where there is a way.
std::string advice(base::ErrorCode code) {
  switch (code) {
    case base::ErrorCode::expired:
      return "ask the sender for a newer export; --expiry ignore shows what would be accepted without regard to time";
    case base::ErrorCode::rollback:
      return "import the newer bundle again, or say --allow-rollback REASON";
    case base::ErrorCode::denied:
      return "gapstow trust list shows the rules";
    default:
      return "";
  }
}

}  // namespace

int report_refusal(const std::optional<trust::Decision::Refusal>& refusal, const std::string& command,
                   const std::string& name, Terminal& terminal) {
  if (!refusal) return 0;
  terminal.messages << "gapstow: " << command << ": " << base::printable(name + ": " + refusal->reason) << " ["
                    << base::name(refusal->code) << "]\n";
  if (const std::string hint = advice(refusal->code); !hint.empty()) terminal.messages << "  " << hint << "\n";
  terminal.messages << std::flush;
  return base::exit_code(refusal->code);
}

}  // namespace gapstow::cli
